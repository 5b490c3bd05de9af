"""Plain functions as rules."""

import inspect
from collections.abc import Callable
from typing import Any

import equinox as eqx

from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.parameters import FUNCTION, GIVEN
from thalweg.core.shapes import PyTree
from thalweg.dynamics.flows import Flow
from thalweg.dynamics.maps import Map
from thalweg.dynamics.misuse import check_order


class FunctionFlow(Flow):
    """A flow given by a function `f(t, state, args)`; made by `as_flow`."""

    fn: Callable[..., Any] = eqx.field(metadata=FUNCTION)
    args: Any = eqx.field(metadata=GIVEN)
    domain: Domain | None
    state_names: tuple[str, ...] | None = eqx.field(static=True)

    def __repr__(self) -> str:
        """The call that made it."""
        return _call("as_flow", self)

    def velocity(self, t: Any, state: Any) -> Any:
        """The function's value."""
        return self.fn(t, state, self.args)


class FunctionMap(Map):
    """A map given by a function `g(t, state, args)`; made by `as_map`."""

    fn: Callable[..., Any] = eqx.field(metadata=FUNCTION)
    args: Any = eqx.field(metadata=GIVEN)
    domain: Domain | None
    state_names: tuple[str, ...] | None = eqx.field(static=True)

    def __repr__(self) -> str:
        """The call that made it."""
        return _call("as_map", self)

    def step(self, t: Any, state: Any) -> Any:
        """The function's value."""
        return self.fn(t, state, self.args)


def as_flow(
    fn: Callable[..., Any],
    args: PyTree = None,
    *,
    domain: Domain | None = None,
    state_names: tuple[str, ...] | None = None,
) -> FunctionFlow:
    """Wrap a vector field `f(state)`, `f(t, state)` or, as Diffrax has it, `f(t, state, args)`.

    Arguments:
        fn: the function; how many positional arguments it requires decides which form it has.
        args: parameters (a pytree), handed to a function of three arguments.
        domain: the default region.
        state_names: labels of the coordinates.

    Raises:
        InputError: `fn` is not callable, or takes none or more than three arguments.
    """
    return FunctionFlow(_three_arguments("as_flow", fn), args, domain, state_names)


def as_map(
    fn: Callable[..., Any],
    args: PyTree = None,
    *,
    domain: Domain | None = None,
    state_names: tuple[str, ...] | None = None,
) -> FunctionMap:
    """Wrap a map `g(state)`, `g(t, state)` or `g(t, state, args)`; arguments as for `as_flow`."""
    return FunctionMap(_three_arguments("as_map", fn), args, domain, state_names)


def _call(name: str, rule: "FunctionFlow | FunctionMap") -> str:
    fn = rule.fn.fn if isinstance(rule.fn, _Adapter) else rule.fn
    said = [getattr(fn, "__name__", repr(fn))]
    said += [] if rule.args is None else [eqx.tree_pformat(rule.args)]
    said += [] if rule.domain is None else [f"domain={rule.domain!r}"]
    return f"{name}({', '.join(said)})"


class _Adapter(eqx.Module):
    """Calls a function of one or two arguments as if it took three."""

    fn: Callable[..., Any]
    takes_time: bool = eqx.field(static=True)

    def __call__(self, t: Any, state: Any, args: Any) -> Any:
        return self.fn(t, state) if self.takes_time else self.fn(state)


def _three_arguments(name: str, fn: Any) -> Callable[..., Any]:
    if not callable(fn):
        raise InputError(f"{name}: fn must be callable, got {fn!r}.")
    check_order(name, fn)
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return _Adapter(fn, takes_time=False)
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    count = sum(p.kind in positional and p.default is p.empty for p in parameters)
    if count not in (1, 2, 3):
        raise InputError(
            f"{name}: fn must take (state), (t, state) or (t, state, args); it requires {count} "
            f"positional arguments. Wrap it in a lambda of one of these forms."
        )
    return fn if count == 3 else _Adapter(fn, takes_time=count == 2)
