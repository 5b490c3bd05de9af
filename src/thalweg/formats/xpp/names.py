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
    shown |= {name: model.spellings[name] for name in (*model.quantities, *model.functions)}
    used = {*shown.values(), *_arguments(model).values()}
    return _fitted_by_name(shown, _IN_CODE, used)


def argument_names(model: XppModel) -> dict[str, str]:
    """Names of the arguments of functions, which may hide variables, by those in lower case."""
    others, shown = local_names(model), _arguments(model)
    functions = {others[name] for name in model.functions}  # are called where arguments are seen
    return _fitted_by_name(shown, _IN_CODE | functions, {*others.values(), *shown.values()})


def _arguments(model: XppModel) -> dict[str, str]:
    """The arguments of functions by name in lower case, as one of them writes it."""
    return {
        low: shown
        for formula in model.functions.values()
        for low, shown in zip(formula.arguments, formula.spellings, strict=True)
    }


def _fitted_by_name(shown: dict[str, str], taken: Set[str], used: Set[str]) -> dict[str, str]:
    fitted = _fitted(shown.values(), taken, used)
    return {low: fitted[name] for low, name in shown.items()}


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
