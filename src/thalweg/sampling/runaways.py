"""Chains that ran away: where, when, and whether the energy or the steps are to blame."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import DivergenceError
from thalweg.core.tables import format_state
from thalweg.core.trees import norm
from thalweg.energies.far_out import Outlook, view_on_ray
from thalweg.sampling.chains import Plan, Run
from thalweg.sampling.methods.base import is_continuous
from thalweg.sampling.methods.inertial import BAOAB, OBABO
from thalweg.sampling.methods.sgld import SGLD
from thalweg.sampling.ways_out import FALL, fall_all_the_way, find_way_out

# Products with the Hessian until the largest curvature is known to a few per cent.
_POWERS = 30
# R̂ of chains that may be wandering without end: above it chains are commonly said to disagree
# (Gelman & Rubin, 1992).
_DISAGREEING = 1.1
_UNBOUNDED = "The energy is unbounded below there, and e^{−E/T} cannot be normalized"
_HOLD = "add what holds it, or restrict the states"


def check_run(
    run: Run, energy: Any, method: Any, plan: Plan, starts: Any, heights: np.ndarray
) -> None:
    """Refuse draws of which a chain ran away.

    Where an energy has fallen so far that T is below its rounding, and so far away that a step is
    below that of the state, there is no law to be seen, though both are finite.

    Arguments:
        run: what was run.
        energy: `state → scalar`.
        method: by which method.
        plan: how long.
        starts: where each chain began, `(chains, …)`.
        heights: E there.

    Raises:
        DivergenceError: a chain left the finite, or fell without end.
    """
    never = np.iinfo(np.int64).max
    steps = np.where(run.lost_at >= 0, run.lost_at.astype(np.int64), never)
    where = run.last
    has_fallen = _has_fallen(run, method, starts, heights)
    for chain in np.flatnonzero(has_fallen.any(axis=1)):
        row = int(np.argmax(has_fallen[chain]))
        when = plan.warmup + (row + 1) * plan.thin
        if when < steps[chain]:
            steps[chain] = when
            where = jax.tree.map(
                lambda x, kept, chain=chain, row=row: _with(x, chain, kept[chain, row]),
                where,
                run.draws.states,
            )
    if steps.min() == never:
        return
    chain = int(np.argmin(steps))
    state = jax.tree.map(lambda x: x[chain], where)
    moment = f"step {steps[chain]}" + (" of the warm-up" if steps[chain] < plan.warmup else "")
    raise DivergenceError(
        f"sample: chain {chain} ran away: its last state was {format_state(state)}, at {moment}. "
        + _blame(energy, method, jax.tree.map(lambda x: x[chain], starts), state)
    )


def _has_fallen(run: Run, method: Any, starts: Any, heights: np.ndarray) -> np.ndarray:
    """Truths `(chains, count)`: the draws of chains that fell without end."""
    energies = np.asarray(run.draws.energies)
    is_far = ~np.isfinite(energies)
    if not is_continuous(starts) or energies.dtype.kind != "f":
        return is_far
    eps = float(np.finfo(energies.dtype).eps)
    is_lower = (energies < heights[:, None]) & (
        eps * np.abs(energies) > float(np.asarray(method.temperature))
    )
    if not np.any(is_lower):
        return is_far
    size, size_of_start = (
        np.max([np.abs(x).reshape(*x.shape[:axes], -1).max(axis=-1) for x in tree], axis=0)
        for tree, axes in (
            (jax.tree.leaves(run.draws.states), 2),
            ([np.asarray(x) for x in jax.tree.leaves(starts)], 1),
        )
    )
    return is_far | (is_lower & (size * eps**0.5 > 1.0 + size_of_start[:, None]))


def ways_out(
    run: Run,
    energy: Any,
    method: Any,
    plan: Plan,
    starts: Any,
    heights: np.ndarray,
    rhat: np.ndarray,
) -> tuple[str, ...]:
    """Sentences on an energy that has no law, or seems to have none.

    Arguments:
        run: what was run, of which no chain left the finite.
        energy: `state → scalar`.
        method: by which method.
        plan: how long.
        starts: where each chain began, `(chains, …)`.
        heights: E there.
        rhat: R̂ of what is summarized.

    Raises:
        DivergenceError: a chain is on a way on which E falls without end.
    """
    fall = _fall_of(run)
    is_troubled = bool(fall) or bool(np.any(rhat > _DISAGREEING))
    way = find_way_out(energy, method, run, starts, heights, is_troubled)
    if way is None:
        return fall
    energies = np.asarray(run.draws.energies, np.float64)[way.chain]
    state = format_state(jax.tree.map(lambda x: x[way.chain], run.last))
    rest = f"{way.words} E is {way.level:.4g} at the distance {way.distance:.3g}"
    if way.has_left:
        height = float(heights[way.chain])
        limit = height - FALL * float(np.asarray(method.temperature))
        row = len(energies) - int(np.argmin(np.append(energies[::-1] < limit, False)))
        step = plan.warmup + (row + 1) * plan.thin
        when = f"from step {step} on" if row or not plan.warmup else "since the warm-up"
        raise DivergenceError(
            f"sample: chain {way.chain} ran away: {when} its energy stays far below that of its "
            f"start, {height:.4g}; its last state is {state}, where E = {energies[-1]:.4g}, and "
            f"{rest}. {_UNBOUNDED}: {_HOLD}."
        )
    if way.is_fall:
        unless = ", unless that valley narrows faster than E falls" if way.is_curved else ""
        return (
            f"The energy is unbounded below: {rest}. No chain has run far, as each will sooner or "
            f"later: e^{{−E/T}} cannot be normalized{unless}; {_HOLD}.",
        )
    return (
        f"There is no law: {rest}, which grows so slowly that the mass of e^{{−E/T}} out there is "
        f"infinite: sooner or later chains wander off without end. Chain {way.chain} has come to "
        f"{state}. {_HOLD.capitalize()}.",
    )


def _fall_of(run: Run) -> tuple[str, ...]:
    """A sentence where in every chain the energy falls from the first draws to the last."""
    energies = np.asarray(run.draws.energies, np.float64)
    if not fall_all_the_way(energies).all():
        return ()
    chain = int(np.argmin(energies[:, -1]))
    where = jax.tree.map(lambda x: x[chain], run.last)
    return (
        f"In every chain the energy falls all the way, in chain {chain} from "
        f"{energies[chain, 0]:.4g} to {energies[chain, -1]:.4g}, at {format_state(where)}: it is "
        f"unbounded below, or the warm-up was too short.",
    )


def _with(rows: np.ndarray, index: Any, value: Any) -> np.ndarray:
    changed = np.array(rows)
    changed[index] = value
    return changed


def _blame(energy: Any, method: Any, start: Any, last: Any) -> str:
    """A sentence on the cure."""
    limit = _LONGEST.get(type(method))
    if limit is None or callable(method.step_size):
        return f"{_UNBOUNDED}: {_HOLD}."
    curvature, step = float(largest_curvature(energy, start)), float(method.step_size)
    if curvature > 0.0 and step >= limit(curvature):
        return (
            f"Its steps are too long: where it began the energy has the curvature "
            f"{curvature:.4g}, which {type(method).__name__} follows with step_size below "
            f"{limit(curvature):.3g}, not {step:.3g}."
        )
    view = view_on_ray(energy, start, last, float(np.asarray(method.temperature)))
    if view is Outlook.FALLS:
        return f"{_UNBOUNDED}: {_HOLD}."
    steep = (
        f"somewhere it is so steep that steps of {step:.3g} overshoot: take shorter ones, or NUTS"
    )
    if view is Outlook.HOLDS:
        return f"Far out that way the energy rises, but {steep}."
    return f"{_UNBOUNDED}; or {steep}."


@eqx.filter_jit
def largest_curvature(energy: Callable[[Any], Any], state: Any) -> jax.Array:
    """The eigenvalue of the Hessian that is largest in size, a scalar, by powers of the Hessian."""

    def times(vector: Any) -> Any:
        return jax.jvp(jax.grad(energy), (state,), (vector,))[1]

    def again(_: Any, loop: Any) -> Any:
        vector, _ = loop
        image = times(vector)
        length = norm(image)
        value = sum(
            jnp.sum(a * b)
            for a, b in zip(jax.tree.leaves(vector), jax.tree.leaves(image), strict=True)
        )
        unit = jax.tree.map(lambda x: jnp.where(length > 0, x / length, x), image)
        return unit, value

    leaves, treedef = jax.tree.flatten(state)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    drawn = [jax.random.normal(k, x.shape, x.dtype) for k, x in zip(keys, leaves, strict=True)]
    first = jax.tree.unflatten(treedef, drawn)
    length = norm(first)
    unit = jax.tree.map(lambda x: x / length, first)
    return jax.lax.fori_loop(0, _POWERS, again, (unit, jnp.zeros_like(length)))[1]


# The longest step that is stable on a bowl of curvature λ.
_LONGEST: dict[type, Callable[[float], float]] = {
    SGLD: lambda curvature: 2.0 / curvature,
    BAOAB: lambda curvature: 2.0 / curvature**0.5,
    OBABO: lambda curvature: 2.0 / curvature**0.5,
}
