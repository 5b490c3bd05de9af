"""What the names of a file are called in Python."""

import keyword
import re
from collections.abc import Container
from pathlib import PurePath

from thalweg.dynamics import Flow, Map
from thalweg.formats.xpp.model import XppModel

# Attributes that a rule has or may declare, and what the code of a class calls its own.
_TAKEN = {*dir(Flow), *dir(Map), "domain", "energy", "model", "quantities", "start", "state_names"}
_IN_CODE = {"self", "state", "jnp", "jax", "tw", "abs", "pi", "velocity", "step"}


def class_name(model: XppModel) -> str:
    """The class of a file: `fhn_noise.ode` is `FhnNoise`."""
    words = re.split(r"[^0-9A-Za-z]+", PurePath(model.file).stem)
    name = "".join(word[:1].upper() + word[1:] for word in words if word)
    return name if name[:1].isalpha() and not keyword.iskeyword(name) else f"Xpp{name}"


def field_names(model: XppModel) -> dict[str, str]:
    """Names of fields, by those of parameters; with a `_` where Python or rules use the name."""
    return {name: free_name(name, _TAKEN) for name in model.parameters}


def local_names(model: XppModel) -> dict[str, str]:
    """Names of variables, by the names in lower case of coordinates, quantities and functions."""
    shown = {name.lower(): name for name in model.coordinates}
    shown |= {name: name for name in (*model.quantities, *model.functions)}
    return {low: free_name(name, _IN_CODE) for low, name in shown.items()}


def free_name(name: str, taken: Container[str] = ()) -> str:
    """A name that is no word of Python, nor one of those that are taken: with a `_` at its end."""
    while name in taken or keyword.iskeyword(name):
        name += "_"
    return name
