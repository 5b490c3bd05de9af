"""Completion in the shell: what an argument or option may go on with.

A press of the tab key runs nobody's code and imports no JAX: files are read as text.
"""

import ast
import os
import re
from pathlib import Path

import typer

from thalweg.cli.parse.animation import KINDS

METHODS = ("adaptive", "stiff", "rk4", "euler", "euler-maruyama", "milstein")
MEASURES = ("equilibria", "settled", "cycles", "basins", "exponents", "verdict")
_OPTIONS = ("seed", "data", "folder")  # settings of studies with an option of their own
_PACKAGE = Path(__file__).parents[2]
# Lines of parameters in a model of XPP, and the names on one.
_DECLARATION = re.compile(r"^\s*p(?:ar[a-z]*)?\s+(.*)", re.IGNORECASE | re.MULTILINE)
_NAMED = re.compile(r"([A-Za-z_]\w*)\s*=")


def complete_system(incomplete: str) -> list[str]:
    """The built-in names, the files of models, and the systems of a file, after `FILE.py:`."""
    from thalweg.models.registry import ENTRIES

    path, colon, begun = incomplete.partition(".py:")
    if colon:
        names = [c.name for c in _classes(Path(f"{path}.py")) if c.name.startswith(begun)]
        return [f"{path}.py:{name}" for name in names]
    names = [entry.name for entry in ENTRIES if entry.name.startswith(incomplete)]
    folder, begun = os.path.split(incomplete)
    typed = incomplete.removesuffix(begun) if begun else incomplete
    files = [Path(folder, name) for name in _listed(folder) if name.startswith(begun)]
    return names + sorted(
        typed + path.name for path in files if path.suffix in (".py", ".ode") or path.is_dir()
    )


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")
    except (OSError, ValueError):
        return []


def complete_parameter(context: typer.Context, incomplete: str) -> list[str]:
    """`NAME=` for each parameter of the system, or study, that the command line names before."""
    # Behind an option that still lacks its value, arguments are words that nobody has taken.
    words = [word for word in context.args if not word.startswith("-")]
    taken = context.params.get("system") or context.params.get("name")
    subject = str(taken or next(iter(words), ""))
    names = parameters_of(subject) if "system" in context.params else settings_of(subject)
    return [f"{name}=" for name in names if name.startswith(incomplete)]


def complete_study(incomplete: str) -> list[str]:
    """The names of studies."""
    from thalweg.studies.registry import ENTRIES

    return [entry.name for entry in ENTRIES if entry.name.startswith(incomplete)]


def complete_method(incomplete: str) -> list[str]:
    """The names of methods."""
    return [name for name in METHODS if name.startswith(incomplete)]


def complete_measure(incomplete: str) -> list[str]:
    """The names of measures."""
    return [name for name in MEASURES if name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """The kinds of animations."""
    return [name for name in KINDS if name.startswith(incomplete)]


def parameters_of(system: str) -> list[str]:
    """The parameters of a system by name, as its class is written; none of what cannot be read."""
    from thalweg.models.registry import ENTRIES

    entry = next((entry for entry in ENTRIES if entry.name == system), None)
    if entry is not None:
        module, _, name = entry.target.partition(":")
        place = _PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    elif system.endswith(".ode"):
        return _of_xpp(Path(system))
    else:
        path, _, name = system.partition(".py:")
        place = Path(f"{path}.py" if name else system)
    # Bash breaks words at colons: there the name of the class is not known.
    return [p for c in _classes(place) if not name or c.name == name for p in _fields(c)]


def settings_of(study: str) -> list[str]:
    """The settings of a study, as its function is written; none of what is none."""
    from thalweg.studies.registry import ENTRIES

    target = next((entry.target for entry in ENTRIES if entry.name == study), "")
    module, _, name = target.partition(":")
    tree = _parsed(_PACKAGE.joinpath("studies", *module.split(".")).with_suffix(".py"))
    functions = (node for node in tree if isinstance(node, ast.FunctionDef) and node.name == name)
    return [one for function in functions for one in _arguments(function) if one not in _OPTIONS]


def _classes(path: Path) -> list[ast.ClassDef]:
    """The classes of a Python file that have a base; none of one that is not Python."""
    return [node for node in _parsed(path) if isinstance(node, ast.ClassDef) and node.bases]


def _parsed(path: Path) -> list[ast.stmt]:
    try:
        return ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []


def _arguments(function: ast.FunctionDef) -> list[str]:
    return [one.arg for one in [*function.args.args, *function.args.kwonlyargs]]


def _fields(node: ast.ClassDef) -> list[str]:
    """The parameters of a class: those of its `__init__`, or its annotated names."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _arguments(part)[1:]
    fields = [part.target for part in node.body if isinstance(part, ast.AnnAssign)]
    return [field.id for field in fields if isinstance(field, ast.Name)]


def _of_xpp(path: Path) -> list[str]:
    """The names on lines of an `.ode` file that begin with `par`; to read it whole needs JAX."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = _DECLARATION.findall(text.replace("\\\n", " "))
    return [name for line in lines for name in _NAMED.findall(line)]
