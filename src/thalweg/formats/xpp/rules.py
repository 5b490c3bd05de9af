"""A model as a rule."""

import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.core.trees import replace
from thalweg.dynamics import Flow, Map
from thalweg.formats.xpp.evaluate import Evaluation
from thalweg.formats.xpp.model import Formula, XppModel
from thalweg.formats.xpp.names import class_name, field_names
from thalweg.formats.xpp.reading import read_xpp_model
from thalweg.formats.xpp.tokens import number


def read_xpp(path: str | Path) -> Any:
    """Read an `.ode` file of XPP as a rule: a flow, or a map where it has `x(t+1)=…`.

    The parameters are fields, under the names that the file gives them. Beside what rules have it
    has `start` (where the file lets it begin, as numbers), `quantities(t, state)`, by name what the
    file computes on the way and shows (`aux`), and `model`, the file as data. Its domain is what
    the file plots, where that says something of every coordinate; those that it folds are angles.

    Nothing in the file is executed: its formulas are read as data. Not covered, and refused by line
    and name: `global`, delays, tables, integrals, arrays, noise, algebraic equations, external
    programs, `#include`; and what XPP itself refuses, such as a parameter `t` or `sin`. Quantities
    are computed in the order in which they need each other.

    Arguments:
        path: the file.

    Raises:
        InputError: there is no such file; a line is wrong, or uses what is not covered.
    """
    return build(read_xpp_model(path))


def build(model: XppModel) -> Any:
    """The rule that a model is."""
    fields = field_names(model)
    verb, base = ("velocity", Flow) if model.kind == "flow" else ("step", Map)
    domain = plotted_domain(model)
    namespace = {
        "__module__": __name__,
        "__qualname__": class_name(model),
        "__doc__": f"The {model.kind} of {model.file}, a model of XPP.",
        "__annotations__": dict.fromkeys(fields.values(), "float"),
        **{fields[name]: value for name, value in model.parameters.items()},
        **({} if domain is None else {"domain": domain}),
        "state_names": model.coordinates,
        "model": model,
        verb: _law(model),
        "quantities": _quantities(model),
        "start": property(_start(model)),
        "__reduce__": _reduced,
    }
    return types.new_class(
        class_name(model), (base,), exec_body=lambda body: body.update(namespace)
    )()


def _reduced(rule: Any) -> tuple[Any, ...]:
    """A rule as pickle keeps it: its class can be imported from nowhere."""
    values = {name: getattr(rule, name) for name in field_names(rule.model).values()}
    return _rebuilt, (rule.model, values)


def _rebuilt(model: XppModel, values: dict[str, Any]) -> Any:
    return replace(build(model), **values)


def _evaluation(model: XppModel, rule: Any, t: Any, state: Any) -> Evaluation:
    fields = field_names(model)
    given = {name.lower(): getattr(rule, fields[name]) for name in model.parameters}
    low = [name.lower() for name in model.coordinates]
    # A count of steps would be an integer, which formulas do not expect.
    return Evaluation(model, given | dict(zip(low, state, strict=True)) | {"t": 1.0 * t})


def _stacked(values: Iterable[Any], dtype: Any) -> jax.Array:
    return jnp.stack([jnp.asarray(value, dtype) for value in values])


def _law(model: XppModel) -> Callable[..., jax.Array]:
    def law(self: Any, t: Any, state: jax.Array) -> jax.Array:
        """The right-hand sides of the file."""
        found = _evaluation(model, self, t, state)
        return _stacked((found.of(rate) for rate in model.rates), jnp.result_type(state))

    return law


def _quantities(model: XppModel) -> Callable[..., dict[str, Any]]:
    def quantities(self: Any, t: Any, state: jax.Array) -> dict[str, Any]:
        """Quantities by name: what the file computes on the way, and shows beside the state."""
        found = _evaluation(model, self, t, state)
        # An auxiliary quantity may take the spelling of one on the way, which then is lower case.
        spelt = model.spellings
        names = {n: n if spelt[n] in model.auxiliaries else spelt[n] for n in model.quantities}
        hidden = {name: found.quantity(n) for n, name in names.items()}
        return hidden | {name: found.of(formula) for name, formula in model.auxiliaries.items()}

    return quantities


def _start(model: XppModel) -> Callable[[Any], np.ndarray]:
    def start(self: Any) -> np.ndarray:
        """The start of the state in the file; one given as a formula may use the parameters."""

        def number(formula: Formula) -> float:
            zeros = np.zeros(len(model.coordinates))
            return float(_evaluation(model, self, 0.0, zeros).of(formula))

        with jax.enable_x64(True):
            return np.array([number(formula) for formula in model.starts])

    return start


def plotted_domain(model: XppModel) -> Box | None:
    """The box that a file plots, or None where that does not bound every coordinate."""
    options = model.options
    low = [name.lower() for name in model.coordinates]
    bounds: dict[str, tuple[float, float]] = {}
    axes = [axis for axis in "xyz" if f"{axis}p" in options or f"{axis}plot" in options]
    for axis in axes:
        name = options.get(f"{axis}p", options.get(f"{axis}plot", "")).lower()
        keys = (f"{axis}min", f"{axis}max") if len(axes) == 3 else (f"{axis}lo", f"{axis}hi")
        pair = [number(options.get(key, "")) for key in keys]
        if pair[0] is not None and pair[1] is not None and pair[0] < pair[1]:
            bounds[name] = (pair[0], pair[1])
    period = number(options.get("tor_per", "")) or 2.0 * np.pi
    if np.isclose(period, 2.0 * np.pi, rtol=1e-6):  # π is written with some of its digits
        period = 2.0 * np.pi
    folded = set(options.get("fold", "").lower().split())
    bounds |= dict.fromkeys(folded & set(low), (0.0, period))
    if not set(low) <= set(bounds):
        return None
    lower, upper = zip(*(bounds[name] for name in low), strict=True)
    return Box(list(lower), list(upper), periodic=[name in folded for name in low])
