"""Owners of code: the user, whose content counts, or an installed package, whose name does."""

import functools
import site
import sys
import sysconfig
import types
from importlib import metadata
from pathlib import Path
from typing import Any

# A store notes their versions, and may go on with others.
NOTED = (
    "thalweg", "jax", "jaxlib", "numpy", "zarr",
    "diffrax", "equinox", "lineax", "optax", "optimistix", "scipy",
)  # fmt: skip


@functools.cache
def is_own(file: str) -> bool:
    """True if a file is neither installed nor part of this library or of Python."""
    path = Path(file).resolve()
    installed = [*site.getsitepackages(), *sysconfig.get_paths().values()]
    library = str(Path(__file__).resolve().parents[1])
    return not any(path.is_relative_to(Path(folder).resolve()) for folder in [*installed, library])


def is_users(owner: Any) -> bool:
    """True if a function, class or module is the user's own code, typed or in a file."""
    if isinstance(owner, types.FunctionType):
        file = owner.__code__.co_filename
        if Path(file).is_file():
            return is_own(file)
    name = owner.__name__ if isinstance(owner, types.ModuleType) else owner.__module__
    if name in ("__main__", "__mp_main__"):  # whatever file started a worker
        return True
    module = sys.modules.get(name or "")
    file = getattr(module, "__file__", None)
    if file is not None:
        return is_own(file)
    top = str(name).partition(".")[0]
    return module is None or (top not in sys.stdlib_module_names and not _is_package(module))


def _is_package(module: types.ModuleType) -> bool:
    """True for a module without a file that belongs to an installed package."""
    places = [*getattr(module, "__path__", ())]
    return bool(places) and not is_own(places[0])


def installed(owner: Any) -> dict[str, Any] | None:
    """The name of something that is found by it in an installed package, and its version there."""
    name = getattr(owner, "__module__", None)
    qualified = getattr(owner, "__qualname__", None) or getattr(owner, "__name__", None)
    module = sys.modules.get(name or "")
    if module is None or not qualified or is_users(module):
        return None
    found: Any = module
    for part in qualified.split("."):
        found = getattr(found, part, None)
    return named(f"{name}.{qualified}") if found is owner else None


def named(name: str) -> dict[str, Any]:
    """The name of something installed, with the version of its package where no store notes it."""
    top = name.partition(".")[0]
    if top in NOTED or top in sys.stdlib_module_names:
        return {"name": name}
    return {"name": name, "version": _version(top)}


@functools.cache
def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # a module of a package of another name
        return getattr(sys.modules.get(package), "__version__", None)


def name_of(owner: Any) -> str:
    """The name of a function or class: of a file it is the file's, by whomever it is imported."""
    module = getattr(owner, "__module__", "") or ""
    code = getattr(owner, "__code__", None)
    file = getattr(sys.modules.get(module), "__file__", None) if code is None else code.co_filename
    if file is not None and Path(file).is_file() and is_own(file):
        module = Path(file).stem
    return f"{module}.{getattr(owner, '__qualname__', owner)}"


def name_of_module(module: types.ModuleType) -> str:
    """The last part of a module's name: `__main__` is called as its file."""
    file = getattr(module, "__file__", None)
    return Path(file).stem if file else module.__name__
