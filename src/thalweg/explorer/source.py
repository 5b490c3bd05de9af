"""Python source that makes a system again."""

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

from thalweg.dynamics import Rule
from thalweg.models import registry


@dataclasses.dataclass(frozen=True)
class Source:
    """The lines of a script that make a system.

    Attributes:
        title: what the script is about.
        imports: lines.
        make: an expression, the rule with its values to begin with.
        all_values: whether every parameter has to be set, because the expression may differ.
    """

    title: str
    imports: tuple[str, ...]
    make: str
    all_values: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The lines as JSON-ready data."""
        return {
            "title": self.title, "imports": list(self.imports), "make": self.make,
            "allValues": self.all_values,
        }  # fmt: skip


def source_of(system: Any, name: str = "") -> Source | None:
    """The source of a built-in name, of `path/to/file.py:Name`, `file.ode`, or an object's class.

    Arguments:
        system: the rule or energy.
        name: what the command line calls it, or empty.

    Returns:
        The source; None where a script could not make it again: a wrapped function, say.
    """
    if any(entry.name == name for entry in registry.ENTRIES):
        line = "from thalweg.models.registry import find"
        return Source(name, (line,), f"find({name!r}).create()", all_values=True)
    file = Path(name).name
    if file.lower().endswith(".ode"):
        line = "from thalweg.formats import read_xpp"
        return Source(_plain(file), (line,), f"read_xpp({file!r})", all_values=True)
    path, colon, attribute = name.rpartition(":")
    is_rule = isinstance(system, Rule)
    if colon and path.endswith(".py"):
        stem = Path(path).stem
        if not (stem.isidentifier() and attribute.isidentifier()):
            return None
        is_class = type(system).__name__ == attribute
        made = f"{attribute}()" if is_class else attribute
        made = made if is_rule else f"tw.SteepestDescent({made})"
        return Source(f"{attribute} of {stem}.py", (f"from {stem} import {attribute}",), made, True)
    kind = type(system)
    is_found = getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind
    if not is_found or not _has_defaults(kind):  # made while running, or inside a function
        return None
    made = f"{kind.__name__}()" if is_rule else f"tw.SteepestDescent({kind.__name__}())"
    line = f"from {kind.__module__} import {kind.__name__}"
    if kind.__module__ == "__main__":
        line = f"# Put the definition of {kind.__name__} here."
    return Source(kind.__name__, (line,), made, all_values=True)


def _plain(name: str) -> str:
    """A file's name without what would end the text of a docstring."""
    return re.sub(r"[^\w .+-]", "-", name)


def _has_defaults(kind: type) -> bool:
    if not dataclasses.is_dataclass(kind):
        return False
    missing = dataclasses.MISSING
    return all(
        f.default is not missing or f.default_factory is not missing
        for f in dataclasses.fields(kind)
        if f.init
    )
