"""Python names for the names of a file."""

import keyword
import re
from collections.abc import Iterable, Set
from pathlib import PurePath

from thalweg.dynamics import Flow, Map
from thalweg.formats.xpp.model import XppModel

# Attributes that a rule has or may declare, and what the body of a class calls its own.
_TAKEN = {*dir(Flow), *dir(Map), "domain", "energy", "model", "quantities", "start", "state_names"}
_TAKEN |= {"float", "jax", "jnp", "tw"}
_IN_CODE = {"self", "state", "jnp", "jax", "tw", "abs", "pi", "velocity", "step", "rates"}


def class_name(model: XppModel) -> str:
    """The class of a file: `fhn_noise.ode` is `FhnNoise`."""
    words = re.split(r"[^0-9A-Za-z]+", PurePath(model.file).stem)
    name = "".join(word[:1].upper() + word[1:] for word in words if word)
    return name if name[:1].isalpha() and not keyword.iskeyword(name) else f"Xpp{name}"


def field_names(model: XppModel) -> dict[str, str]:
    """Names of fields, by those of parameters; with a `_` where Python or rules use the name."""
    return _fitted(model.parameters, _TAKEN, set(model.parameters))


def local_names(model: XppModel) -> dict[str, str]:
    """Names of variables, by the names in lower case of coordinates, quantities and functions."""
    shown = {name.lower(): name for name in model.coordinates}
    shown |= {name: name for name in (*model.quantities, *model.functions)}
    fitted = _fitted(shown.values(), _IN_CODE, {*shown.values(), *_arguments(model)})
    return {low: fitted[name] for low, name in shown.items()}


def argument_names(model: XppModel) -> dict[str, str]:
    """Names of the arguments of functions, which may hide variables, by those in the file."""
    others = local_names(model)
    functions = {others[name] for name in model.functions}  # are called where arguments are seen
    used = {*others.values(), *_arguments(model)}
    return _fitted(_arguments(model), _IN_CODE | functions, used)


def _arguments(model: XppModel) -> list[str]:
    every = [name for formula in model.functions.values() for name in formula.arguments]
    return list(dict.fromkeys(every))


def _fitted(names: Iterable[str], taken: Set[str], used: Set[str]) -> dict[str, str]:
    """Each name as it is, or else made one that is neither taken nor used, by a `_` at its end."""
    found: dict[str, str] = {}
    for name in names:
        fits = name
        if name.startswith("__"):  # Python has its own ways with these
            fits = f"x{name}"
        while fits in taken or keyword.iskeyword(fits) or (fits != name and fits in used):
            fits += "_"
        used = {*used, fits}
        found[name] = fits
    return found
