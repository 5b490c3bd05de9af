"""SYSTEM on the command line: a built-in name, a Python file and what in it, or a model of XPP."""

import contextlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from thalweg.cli.parse.settings import apply, build, split_settings
from thalweg.core.errors import InputError
from thalweg.core.nearby import did_you_mean
from thalweg.core.parameters import parameters
from thalweg.dynamics import Rule, SteepestDescent
from thalweg.energies import Energy
from thalweg.models import registry


@dataclass(frozen=True)
class System:
    """Rule, energy and domain that SYSTEM stands for.

    Attributes:
        name: as it was typed.
        subject: the rule or energy of that name.
        rule: the rule itself; of an energy its Euclidean steepest descent.
    """

    name: str
    subject: Any
    rule: Any

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by dotted path, as `--set` names them."""
        return parameters(self.subject)

    @property
    def portable_name(self) -> str:
        """The name without where a file lies on this machine: a report may travel."""
        if is_xpp(self.name):
            return Path(self.name).name
        path, colon, attribute = self.name.rpartition(":")
        return f"{Path(path).name}:{attribute}" if colon else self.name

    @property
    def typed_name(self) -> str:
        """The name as it was typed, but of a file with a path from the root: such as portable."""
        path = Path(self.name).expanduser()
        return self.portable_name if path.is_absolute() else self.name

    @property
    def slug(self) -> str:
        """The name as one folder name: `model.py:Name` is `model-Name`."""
        if is_xpp(self.name):
            return Path(self.name).stem
        path, colon, attribute = self.name.rpartition(":")
        return f"{Path(path).stem}-{attribute}" if colon else self.name


def load_system(name: str, settings: Sequence[str] = ()) -> System:
    """The system of that name with `--set` texts applied.

    Raises:
        InputError: there is no such system, its file does not import, or a setting does not fit.
    """
    texts = split_settings(settings)
    if is_xpp(name):
        from thalweg.formats import read_xpp

        return _system(name, apply(read_xpp(name), texts, Path(name).name))
    if not _is_path(name):
        entry = _built_in(name)
        return _system(name, build(entry.load_class(), texts, entry.parameters, name))
    return _system(name, _instance(load_object(name), texts, name))


def _built_in(name: str) -> registry.Entry:
    """The built-in system of that name, or an offer of the file that may be meant."""
    try:
        return registry.find(name)
    except InputError as error:
        stem, _, attribute = name.partition(":")
        file = f"{stem}.py"
        if not Path(file).is_file():
            raise
        raise InputError(
            f"There is no built-in system {name!r}, but a file {file}: what is in it is named as "
            f"{file}:{attribute or 'Name'}."
        ) from error


def load_object(name: str) -> Any:
    """The object that `path/to/file.py:Name` names, of any kind.

    Raises:
        InputError: the file does not import, or has nothing of that name.
    """
    path, colon, attribute = name.rpartition(":")
    if not colon or not attribute:
        path, attribute = name.rstrip(":"), ""
    module = _import_file(Path(path))
    if not attribute:
        known = _candidates(module)
        if not known:
            raise InputError(
                f"{path} has no rules or energies: write a class of tw.Flow, tw.Map or tw.Energy. "
                f"A function in it is named as {path}:Name."
            )
        raise InputError(
            f"{name}: say which system (or function), as in {path}:{known[0]}. {_offer(module)}"
        )
    if attribute not in vars(module):
        hint = did_you_mean(attribute, _candidates(module), most=1)
        said = (f"{path} has no {attribute!r}.", hint, _offer(module))
        raise InputError(" ".join(filter(None, said)))
    return vars(module)[attribute]


@contextlib.contextmanager
def pointing_to_a_map(system: System, command: str) -> Iterator[None]:
    """Name the command that answers where a built-in rule is refused because it depends on time.

    Raises:
        InputError: what was refused, with what to ask instead.
    """
    known = next((e for e in registry.ENTRIES if e.name == system.name and e.once_a_period), None)
    try:
        yield
    except InputError as error:
        if known is None or "depends on time" not in str(error):
            raise
        raise InputError(
            f"{system.name} depends on time, so it has no equilibria and no energy. What it does "
            f"once a period is a map, {known.once_a_period}: `thalweg {command} "
            f"{known.once_a_period}`."
        ) from error


def is_xpp(name: str) -> bool:
    """True if a SYSTEM is an `.ode` file."""
    return name.lower().endswith(".ode")


def _is_path(name: str) -> bool:
    return ".py" in name or "/" in name or "\\" in name


def _instance(target: Any, texts: Mapping[str, str], name: str) -> Any:
    if inspect.isclass(target):
        if issubclass(target, Rule | Energy) and inspect.isabstract(target):
            lacks = ", ".join(sorted(target.__abstractmethods__))
            raise InputError(
                f"{name} lacks {lacks}. A Flow needs velocity(self, t, state), a Map "
                f"step(self, t, state), an Energy __call__(self, state)."
            )
        if not issubclass(target, Rule | Energy):
            raise InputError(
                f"{name} is {_described(target)}; expected a Flow, a Map or an Energy, "
                f"a class or an instance of one."
            )
        return build(target, texts, {}, name)
    return apply(target, texts, name)


def _system(name: str, subject: Any) -> System:
    if isinstance(subject, Rule):
        return System(name, subject, subject)
    is_plain_function = inspect.isroutine(subject)
    if callable(subject) and not is_plain_function:
        return System(name, subject, SteepestDescent(subject))
    if is_plain_function:
        attribute = name.rpartition(":")[2]
        raise InputError(
            f"{name} is a plain function, which may be a velocity, a step or an energy. Say which: "
            f"`system = tw.as_flow({attribute})`, `tw.as_map({attribute})` or "
            f"`tw.SteepestDescent({attribute})`, and name that."
        )
    raise InputError(
        f"{name} is {_described(subject)}; expected a Flow, a Map or an Energy, a class or an "
        f"instance of one."
    )


def _described(target: Any) -> str:
    if inspect.isclass(target):
        return f"a class, {target.__name__}"
    if isinstance(target, ModuleType):
        return "a module"
    return f"of type {type(target).__name__}"


def _import_file(path: Path) -> ModuleType:
    """Run a Python file as a module; its folder is on the path, as when it is run by Python."""
    if not path.exists():
        raise InputError(f"There is no file {path} (looked in {Path.cwd()}).")
    if not path.is_file():
        raise InputError(f"{path} is not a file; name a Python file, as in model.py:Name.")
    name = path.stem if path.stem not in sys.modules else f"thalweg_system_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file; its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[name] = module  # dataclasses look their module up by name
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InputError(f"{path} does not import: {_where(error, path)}") from error
    return module


def _where(error: BaseException, path: Path) -> str:
    """The error in a user's file and its line, in a sentence."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__} in {error.filename}, line {error.lineno}: {error.msg}."
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).resolve() == path.resolve()]
    line = f" in line {own[-1].lineno}" if own else ""
    return f"{type(error).__name__}{line}: {error}"


def _candidates(module: ModuleType) -> list[str]:
    """The names in a user's module that can be analysed, without what it imports from here."""
    names = []
    for name, value in vars(module).items():
        kind = value if inspect.isclass(value) else type(value)
        is_own = not kind.__module__.startswith("thalweg.") or not inspect.isclass(value)
        is_system = issubclass(kind, Rule | Energy) and not inspect.isabstract(kind)
        if is_system and is_own and not name.startswith("_"):
            names.append(name)
    return sorted(names)


def _offer(module: ModuleType) -> str:
    names = _candidates(module)
    return f"It has {', '.join(names)}." if names else "It has no rules or energies."
