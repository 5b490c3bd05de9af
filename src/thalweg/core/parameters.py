"""The parameters of a system by name: what `--set` sets, what is varied, what results report."""

import dataclasses
import inspect
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_made
from thalweg.core.errors import InputError
from thalweg.core.nearby import did_you_mean
from thalweg.core.trees import is_integer, replace

Tree = TypeVar("Tree")

# What a rule declares of itself: no number of its law.
DECLARED = ("domain", "state_names")
# Metadata of a field with a function from elsewhere, of which only arrays and real numbers are
# parameters, and of a field with what that function is given, which may be nothing.
FUNCTION = {"thalweg": "function"}
GIVEN = {"thalweg": "given"}

# A dotted path, and perhaps the indices of an entry: `energy.weights[0,1]`.
_NAME = re.compile(r"([^\[\]\s]+)(?:\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*\])?")


class Parameter(NamedTuple):
    """A floating number of a system: which field it is, and which entry of it.

    Attributes:
        name: what it is called.
        keys: the names of the fields on the way to it, outermost first.
        entry: the indices of the entry of an array, or None where the field is one number.
    """

    name: str
    keys: tuple[str, ...]
    entry: tuple[int, ...] | None

    def value(self, system: Any) -> float:
        """Its value in a system."""
        node = _down(system, self.keys)
        return float(node if self.entry is None else np.asarray(node)[self.entry])

    def put(self, system: Tree, value: Any) -> Tree:
        """A copy of a system with another value, which may be traced; nothing is checked anew."""
        return _put(system, self.keys, self.entry, value)


def find_parameter(system: Any, name: str) -> Parameter:
    """The parameter of that name.

    Arguments:
        system: what has it.
        name: a dotted path through its fields, as `"energy.stiffness"`, or the end of one where
            no other ends so, `"stiffness"`; with indices where it is an entry of an array,
            `"weights[0,1]"` (or `"weights.0.1"`).

    Raises:
        InputError: there is none of that name, or it is not one floating number.
    """
    check_made("rule", system)
    kind = type(system).__name__
    matched = _NAME.fullmatch(name.strip()) if isinstance(name, str) else None
    if matched is None:
        raise InputError(
            f"parameter must be the name of a number of {kind}, such as 'current' or "
            f"'weights[0,1]', got {name!r}."
        )
    words = _whole(system, matched[1]).split(".")
    entry = None if matched[2] is None else tuple(int(i) for i in matched[2].split(","))
    node: Any = system
    is_inner = False
    for depth, word in enumerate(words):
        children = parts_of(node, is_inner)
        if children is None and depth and entry is None and all(w.isdigit() for w in words[depth:]):
            words, entry = words[:depth], tuple(map(int, words[depth:]))
            break
        if children is None or word not in children:
            bare = "" if depth else not_annotated(type(system), word)
            raise InputError(bare or unknown_parameter(name, list(parameters(system)), kind))
        node, is_inner = children[word]
    return Parameter(name.strip(), tuple(words), _entry(kind, name, node, entry))


def _whole(system: Any, path: str) -> str:
    """The path of the one parameter that ends with it; the path itself if it begins at a field."""
    if path.split(".")[0] in (parts_of(system) or ()):
        return path
    ending = [name for name in parameters(system) if name.endswith(f".{path}")]
    return ending[0] if len(ending) == 1 else path


def _entry(
    kind: str, name: str, node: Any, entry: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """The entry, checked against the value; of an array with no axes there is but one."""
    is_number = isinstance(node, float | int | np.ndarray | np.generic) or eqx.is_array(node)
    is_number = is_number or is_row(node)
    if isinstance(node, bool) or not is_number or np.asarray(node).dtype.kind != "f":
        if is_integer(node):
            raise InputError(
                f"parameter {name!r} of {kind} is the whole number {node}: it cannot vary "
                f"continuously. If it may be any number, annotate the field as float."
            )
        inner = [f"{name}.{key}" for key in children_of(node) or ()][:4]
        cure = f" Name one of its own: {', '.join(inner)}." if inner else ""
        raise InputError(f"parameter {name!r} of {kind} is not a floating number.{cure}")
    shape = np.shape(node)
    if entry is None and np.prod(shape) == 1:
        return None if not shape else (0,) * len(shape)
    example = f"{name}[{','.join('0' * len(shape))}]"
    if entry is None:
        raise InputError(
            f"parameter {name!r} of {kind} is an array of shape {shape}: name an entry of it, such "
            f"as {example!r}."
        )
    fits = len(entry) == len(shape) and all(-n <= i < n for i, n in zip(entry, shape, strict=False))
    if not fits:
        said = f"an array of shape {shape}" if shape else "one number"
        raise InputError(f"parameter {name!r}: {kind} has {said} there, without such an entry.")
    return entry


def unknown_parameter(name: str, known: Sequence[str], owner: str) -> str:
    """A sentence on a name that is none of the parameters of an owner; it offers the nearest."""
    hint = did_you_mean(name, known, most=1)
    has = f"It has {', '.join(known)}" if known else "It has no parameters"
    return " ".join(filter(None, (f"{owner} has no parameter {name!r}.", hint, f"{has}.")))


def not_annotated(kind: type, name: str) -> str:
    """A sentence on a number of a class that would be a parameter, were it annotated; or ""."""
    value = inspect.getattr_static(kind, name, None)
    if isinstance(value, bool) or name in (*DECLARED, "start"):
        return ""
    if isinstance(value, int | float):
        cure = f"write {name}: {type(value).__name__} = {value!r}"
    elif eqx.is_array(value) or isinstance(value, np.ndarray):
        cure = f"annotate it, {name}: jax.Array"
    else:
        return ""
    return f"{kind.__name__}.{name} has no annotation, so it is no parameter: {cure}."


def _down(node: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        children = children_of(node)
        assert children is not None
        node = children[key]
    return node


def _put(node: Any, keys: tuple[str, ...], entry: tuple[int, ...] | None, value: Any) -> Any:
    if not keys and is_row(node) and entry is not None:
        return with_item(node, str(entry[0] % len(node)), value)
    if not keys:
        return value if entry is None else jnp.asarray(node).at[entry].set(value)
    children = children_of(node)
    assert children is not None
    new = _put(children[keys[0]], keys[1:], entry, value)
    rebuilt = with_item(node, keys[0], new)
    return replace(node, **{keys[0]: new}) if rebuilt is None else rebuilt


def with_item(node: Any, key: str, new: Any) -> Any:
    """A dictionary, list or tuple with one item replaced, by its key as text; None of others."""
    if isinstance(node, dict):
        return {k: (new if str(k) == key else v) for k, v in node.items()}
    if isinstance(node, tuple | list):
        parts = [new if str(i) == key else v for i, v in enumerate(node)]
        return type(node)(*parts) if hasattr(node, "_fields") else type(node)(parts)
    return None


def parameters(system: Any) -> dict[str, Any]:
    """Every parameter of a system by its dotted path, as JSON-ready data."""
    found: dict[str, Any] = {}
    _collect(system, "", found, False)
    return found


def holds_parameter(system: Any, keys: Sequence[str]) -> bool:
    """True if the fields of these names, outermost first, lead to a parameter."""
    node, is_inner = system, False
    for key in keys:
        parts = parts_of(node, is_inner)
        if parts is None:
            return True
        if key not in parts:
            return False
        node, is_inner = parts[key]
    return True


def _collect(node: Any, path: str, found: dict[str, Any], is_inner: bool) -> None:
    parts = parts_of(node, is_inner)
    if parts is not None:
        for key, (child, is_deep) in parts.items():
            _collect(child, f"{path}.{key}" if path else str(key), found, is_deep)
    elif isinstance(node, bool | int | float | str) or node is None:
        found[path] = node
    elif is_row(node):
        found[path] = list(node)
    elif eqx.is_array(node) or isinstance(node, complex | np.ndarray | np.generic):
        values = np.asarray(node)
        if np.iscomplexobj(values):  # JSON has none: pairs, as of eigenvalues
            values = np.stack([np.real(values), np.imag(values)], axis=-1)
        found[path] = values.tolist()


def is_row(node: Any) -> bool:
    """True for a tuple or list of numbers, not all of them whole: an array by hand."""
    if not isinstance(node, tuple | list) or not all(isinstance(x, int | float) for x in node):
        return False
    return any(isinstance(x, float) for x in node)


def parts_of(node: Any, is_inner: bool = False) -> dict[str, tuple[Any, bool]] | None:
    """The parts of a container in which parameters lie, by name, or None for a value.

    Arguments:
        node: the container.
        is_inner: whether it belongs to a function from elsewhere.

    Returns:
        Each part, and whether that belongs to such a function.
    """
    children = children_of(node)
    if children is None:
        return None
    fields = dataclasses.fields(node) if dataclasses.is_dataclass(node) else ()
    roles = {field.name: field.metadata.get("thalweg") for field in fields}
    parts: dict[str, tuple[Any, bool]] = {}
    for name, child in children.items():
        role = roles.get(name)
        is_deep = is_inner or role == "function"
        is_declared = name in roles and name in DECLARED
        is_absent = child is None and (is_deep or role == "given")
        if not (is_declared or is_absent or (is_deep and isinstance(child, bool | int | str))):
            parts[name] = child, is_deep
    return parts


def children_of(node: Any) -> dict[Any, Any] | None:
    """The parts of a container by name, or None for a value."""
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        names = [field.name for field in dataclasses.fields(node)]
        return {name: getattr(node, name) for name in names if hasattr(node, name)}
    if isinstance(node, dict):
        return {str(key): value for key, value in node.items()}
    if isinstance(node, tuple | list) and not all(isinstance(x, int | float) for x in node):
        return {str(index): value for index, value in enumerate(node)}
    return None
