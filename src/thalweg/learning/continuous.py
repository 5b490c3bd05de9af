"""The continuous adjoint: z is followed forwards, then a and dL/dθ backwards along it.

A flow that contracts forgets where it came from, so z cannot be had back by solving backwards in
time. The times of all steps are kept, and some of the states; the states between two of them are
computed again when they are needed.
"""

from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.trees import replace
from thalweg.simulation.controller import Guarded
from thalweg.simulation.tangents import with_tangent

# States kept, and as many again between two of them: their product is the number of steps.
_KEPT = 128
MAX_STEPS = _KEPT * _KEPT
_SOLVER = diffrax.Tsit5(scan_kind="lax")


class _Run(eqx.Module):
    """A run as far as it has come.

    Attributes:
        t: the time reached.
        stop: where the next step ends.
        state: z(t).
        tangent: what the solver remembers.
        control: what the controller remembers.
        count: accepted steps.
        tried: all steps.
        is_fine: whether steps can be resolved.
        times: of the states after each step.
        stride: how many steps lie between two kept states.
        kept: those states.
    """

    t: Any
    stop: Any
    state: Any
    tangent: Any
    control: Any
    count: Any
    tried: Any
    is_fine: Any
    times: Any
    stride: Any
    kept: Any


def continuous(
    loss_fn: Callable[[Any], Any], flow: Any, start: Any, t0: Any, t1: Any, rtol: Any, atol: Any
) -> tuple[Any, Any, Any, Any]:
    """L, z(t₁), ∂L/∂z(t₀) and dL/dθ, by the equations of the adjoint.

    Arguments:
        loss_fn: L.
        flow: f.
        start: z(t₀).
        t0: where time begins.
        t1: where it ends, later.
        rtol: the relative tolerance of a step, of z and of a tangent.
        atol: the absolute tolerance of z.
    """
    run = _forwards(flow, start, t0, t1, Guarded(rtol, atol))
    end = jax.tree.map(lambda x: jnp.where(run.t >= t1, x, jnp.nan), run.state)
    value, a = jax.value_and_grad(loss_fn)(end)
    to_start, to_flow = _backwards(flow, run, a)
    return value, end, to_start, to_flow


def velocity(t: Any, state: Any, flow: Any) -> Any:
    """The velocity as Diffrax takes it: the flow is the argument."""
    return flow.velocity(t, state)


def _forwards(flow: Any, start: Any, t0: Any, t1: Any, guarded: Guarded) -> _Run:
    moving = eqx.filter(flow, eqx.is_inexact_array)
    solver, controller = with_tangent(_SOLVER, guarded, moving, "lax")
    term = diffrax.ODETerm(velocity)
    order = solver.error_order(term)
    stop, control = controller.init(term, t0, t1, start, None, flow, solver.func, order)
    stop = jnp.minimum(stop, t1)
    first = _Run(
        t=t0,
        stop=stop,
        state=start,
        tangent=solver.init(term, t0, stop, start, flow),
        control=jax.tree.map(jnp.asarray, control),
        count=jnp.int32(0),
        tried=jnp.int32(0),
        is_fine=jnp.asarray(True),
        times=jnp.full(MAX_STEPS + 1, t0),
        stride=jnp.int32(1),
        kept=jax.tree.map(lambda x: jnp.zeros((_KEPT, *x.shape), x.dtype).at[0].set(x), start),
    )

    def step(run: _Run) -> _Run:
        state, error, _, tangent, _ = solver.step(
            term, run.t, run.stop, run.state, flow, run.tangent, False
        )
        error = jax.tree.map(lambda e: jnp.where(jnp.isnan(e), jnp.inf, e), error)
        keep, t, stop, _, control, code = controller.adapt_step_size(
            run.t, run.stop, run.state, state, flow, error, order, run.control
        )
        after = replace(
            run, t=t, state=state, tangent=tangent, count=run.count + 1,
            times=run.times.at[run.count + 1].set(t),
        )  # fmt: skip
        after = jax.lax.cond(keep, _with_kept, lambda _: run, after)
        is_fine = code == diffrax.RESULTS.successful
        return replace(
            after, stop=jnp.minimum(stop, t1), control=control, tried=run.tried + 1, is_fine=is_fine
        )

    def goes_on(run: _Run) -> Any:
        return (run.t < t1) & run.is_fine & (run.tried < MAX_STEPS)

    return jax.lax.while_loop(goes_on, step, first)


def _with_kept(run: _Run) -> _Run:
    """The run with its newest state kept if it is due; every second one goes when all is full."""
    is_full = run.count == _KEPT * run.stride
    kept = jax.lax.cond(
        is_full,
        lambda rows: jax.tree.map(lambda x: x[(2 * jnp.arange(_KEPT)) % _KEPT], rows),
        lambda rows: rows,
        run.kept,
    )
    stride = jnp.where(is_full, 2 * run.stride, run.stride)
    place = jnp.where(run.count % stride == 0, run.count // stride, _KEPT)
    kept = jax.tree.map(lambda rows, x: rows.at[place].set(x, mode="drop"), kept, run.state)
    return replace(run, kept=kept, stride=stride)


def _backwards(flow: Any, run: _Run, a: Any) -> tuple[Any, Any]:
    """∂L/∂z(t₀) and dL/dθ, one step of the run after the other."""
    moving, fixed = eqx.partition(flow, eqx.is_inexact_array)

    def rates(t: Any, state: Any, _: Any) -> Any:
        z, a, _ = state
        rate, pull = jax.vjp(lambda z, m: eqx.combine(m, fixed).velocity(t, z), z, moving)
        return rate, *jax.tree.map(jnp.negative, pull(a))

    plain, adjoint = diffrax.ODETerm(velocity), diffrax.ODETerm(rates)

    def back(segment: Any, found: Any) -> Any:
        first = segment * run.stride
        steps = jnp.minimum(run.stride, run.count - first)
        z = jax.tree.map(lambda rows: rows[segment], run.kept)
        room = jax.tree.map(lambda x: jnp.zeros((_KEPT + 1, *x.shape), x.dtype).at[0].set(x), z)

        def again(i: Any, carry: Any) -> Any:
            z, states = carry
            z = _stepped(plain, run.times[first + i], run.times[first + i + 1], z, flow)
            return z, jax.tree.map(lambda rows, x: rows.at[i + 1].set(x), states, z)

        _, states = jax.lax.fori_loop(0, steps, again, (z, room))

        def one(i: Any, found: Any) -> Any:
            late = steps - i
            z = jax.tree.map(lambda rows: rows[late], states)
            end, begin = run.times[first + late], run.times[first + late - 1]
            # a has parts that z and its tangent had lost, and steps were not made for them.
            middle = (begin + end) / 2
            halfway = _stepped(adjoint, end, middle, (z, *found), None)
            return _stepped(adjoint, middle, begin, halfway, None)[1:]

        return jax.lax.fori_loop(0, steps, one, found)

    segments = (run.count + run.stride - 1) // run.stride
    zeros = jax.tree.map(jnp.zeros_like, moving)
    return jax.lax.fori_loop(0, segments, lambda i, f: back(segments - 1 - i, f), (a, zeros))


def _stepped(term: Any, t0: Any, t1: Any, state: Any, args: Any) -> Any:
    begin = _SOLVER.init(term, t0, t1, state, args)
    return _SOLVER.step(term, t0, t1, state, args, begin, True)[0]
