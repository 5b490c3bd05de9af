"""Run-time checks of the shapes in public signatures, by the import hook of jaxtyping.

A verb may refuse bad input in its own words first; what it takes and returns without a word must be
what its signature says.
"""

import functools
import inspect
import types
import typing
from typing import Any

from jaxtyping import AbstractArray, install_import_hook

# Modules of verbs whose arguments have fixed shapes.
MODULES = (
    "thalweg.analysis.basins.find",
    "thalweg.analysis.basins.over",
    "thalweg.analysis.comparison.compare",
    "thalweg.analysis.cycles.find",
    "thalweg.analysis.descent.bounded_below",
    "thalweg.analysis.equilibria.find",
    "thalweg.analysis.equilibria.transients",
    "thalweg.analysis.exponents.spectrum",
    "thalweg.analysis.linearize",
    "thalweg.dynamics.problem",
    "thalweg.energies.lagrangian",
    "thalweg.geometry.base",
    "thalweg.geometry.check",
    "thalweg.learning.adjoints",
    "thalweg.learning.compare",
    "thalweg.learning.densities.learn",
    "thalweg.learning.densities.lyapunov",
    "thalweg.learning.descriptions.describe",
    "thalweg.learning.descriptions.starts",
    "thalweg.learning.inverse.certificates",
    "thalweg.learning.losses.collapse",
    "thalweg.learning.series.learn",
    "thalweg.plot.animations",
    "thalweg.plot.cobwebs",
    "thalweg.plot.landscapes",
    "thalweg.plot.passages",
    "thalweg.plot.portrait_data",
    "thalweg.plot.portraits",
    "thalweg.plot.splits",
    "thalweg.plot.verdicts",
    "thalweg.sampling.finite",
    "thalweg.sampling.partition.summed",
    "thalweg.sampling.partition.torus",
    "thalweg.sampling.sample",
    "thalweg.simulation.run",
    "thalweg.training.fit",
)


def install() -> None:
    """Check the functions of `MODULES` from their import on."""
    install_import_hook(list(MODULES), "tests.shapes.checked")


def has_shape(hint: Any) -> bool:
    """True for an array of jaxtyping or a pytree of such, alone or in a union."""
    kinds = [kind for kind in alternatives(hint) if isinstance(kind, type)]
    return any(issubclass(kind, AbstractArray) or hasattr(kind, "leaftype") for kind in kinds)


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The members of a union; of what is none, itself."""
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if is_union else (hint,)


def plain(kind: Any) -> type:
    """A type to ask for by `isinstance`: `Sequence[float]` is any sequence."""
    return typing.get_origin(kind) or kind


def checked(fn: Any) -> Any:
    """The typechecker of the hook: `fn` is a stand-in that jaxtyping calls with what it checks.

    It makes one for the arguments before a call (returning `Any`), which passes, and one for all
    of them and the result (the last argument) afterwards.
    """
    annotations = getattr(fn, "__annotations__", {})
    if not inspect.isfunction(fn) or annotations.get("return", Any) is Any:
        return fn
    hints = {name: hint for name, hint in annotations.items() if has_shape(hint)}
    signature = inspect.signature(fn)

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = fn(*args, **kwargs)
        values = {**signature.bind(*args, **kwargs).arguments, "return": result}
        for name in (name for name in hints if name in values):
            kinds = alternatives(hints[name])
            if not any(isinstance(values[name], kind) for kind in map(plain, kinds)):
                got = getattr(values[name], "shape", type(values[name]).__name__)
                raise TypeError(f"{name} is {got}, not {hints[name]}")
        return result

    return call
