"""Jobs on their way to other processes: code is sent by where its file lies, the rest as it is.

Pickled by value, as is the custom where a module cannot be imported, an `equinox.Module` comes back
as a class without fields, whose numbers JAX then takes for constants: every point of a sweep would
be the first. So classes are imported from their files, and those without one are refused.
"""

import functools
import hashlib
import importlib
import importlib.util
import io
import pickle
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import equinox as eqx

from thalweg.core.errors import InputError
from thalweg.sweeps.fingerprints import digest, fingerprint
from thalweg.sweeps.jobs import Job
from thalweg.sweeps.origins import is_own


class Packed(NamedTuple):
    """A job as bytes.

    Attributes:
        content: the job, pickled.
        told: what its system and its measure are, as who packed it sees them.
    """

    content: bytes
    told: str


def pack(job: Job) -> Packed:
    """Make a job ready for another process, which sees the same files.

    Raises:
        InputError: the system or the measure cannot be sent.
    """
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        """A pickler that says where code lies."""

        def reducer_override(self, obj: Any) -> Any:
            """The file of a class or function, where it has one."""
            if isinstance(obj, type | FunctionType):
                place = _place(obj)
                if place is not None:
                    return _found, place
                if (
                    isinstance(obj, type)
                    and issubclass(obj, eqx.Module)
                    and not _is_importable(obj)
                ):
                    raise InputError(
                        f"{obj.__qualname__} cannot be sent to a worker: it is defined in a "
                        f"notebook, or inside a function. Define it in a file, at the top level."
                    )
            return super().reducer_override(obj)

    content = io.BytesIO()
    try:
        Pickler(content).dump(job.fresh())
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"The system or the measure cannot be sent to a worker: {type(error).__name__}: "
            f"{error}. Define them in a file, at the top level."
        ) from error
    return Packed(content.getvalue(), _told(job))


@functools.lru_cache(maxsize=1)
def unpack(packed: Packed) -> Job:
    """The job; the last one is kept, so that a worker compiles its programs once.

    Raises:
        InputError: the code that this process finds is not that of who packed the job.
    """
    job = pickle.loads(packed.content)
    if _told(job) != packed.told:
        raise InputError(
            "A worker finds other code of the system or the measure than the process that sent "
            "them: it must see the same files, and the same version of thalweg."
        )
    return job


def _told(job: Job) -> str:
    return digest([fingerprint(job.system), job.measure.identity()])


def _place(owner: Any) -> tuple[str, str, str, str] | None:
    """Module, file, folder and name of a class or function in a file that is not installed."""
    module = sys.modules.get(owner.__module__ or "")
    file = getattr(module, "__file__", None)
    if module is None or file is None or not _is_in(module, owner) or not is_own(file):
        return None
    path = Path(file).resolve()
    # A script is imported under the name of its file: what it does when run is not done again.
    name = path.stem if module.__name__ in ("__main__", "__mp_main__") else module.__name__
    depth = name.count(".") + (path.name == "__init__.py")
    return name, str(path), str(path.parents[depth]), owner.__qualname__


def _is_in(module: ModuleType, owner: Any) -> bool:
    found: Any = module
    for name in owner.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is owner


def _is_importable(owner: Any) -> bool:
    """True if another process can import a class by name."""
    module = sys.modules.get(owner.__module__ or "")
    is_script = owner.__module__ in ("__main__", "__mp_main__")
    return module is not None and not is_script and _is_in(module, owner)


def _found(name: str, file: str, folder: str, qualified: str) -> Any:
    """The class or function of a name in a file."""
    found: Any = _imported(name, file, folder)
    for part in qualified.split("."):
        found = getattr(found, part)
    return found


def _imported(name: str, file: str, folder: str) -> ModuleType:
    """The module of a file, imported under its name where that is free."""
    if _is_of(sys.modules.get(name), file):
        return sys.modules[name]
    if name not in sys.modules:
        if folder not in sys.path:
            sys.path.insert(0, folder)
        module = importlib.import_module(name)
        if _is_of(module, file):
            return module
    unique = f"thalweg_system_{hashlib.sha256(file.encode()).hexdigest()[:8]}"
    if unique not in sys.modules:
        spec = importlib.util.spec_from_file_location(unique, file)
        if spec is None or spec.loader is None:
            raise InputError(f"A worker cannot import {file}.")
        sys.modules[unique] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[unique])
    return sys.modules[unique]


def _is_of(module: ModuleType | None, file: str) -> bool:
    own = getattr(module, "__file__", None)
    return own is not None and Path(own).resolve() == Path(file)
