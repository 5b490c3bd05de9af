"""The verb: an energy, a method and a start give draws from the law at a temperature."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import About
from thalweg.core.checks import check_energy, check_made
from thalweg.core.declared import check_states, declared_names
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.shapes import State
from thalweg.core.tables import counted, format_state
from thalweg.core.trees import Layout, as_arrays, is_integer, non_finite_leaves
from thalweg.sampling.chains import Plan, Run, dispersed, levels, run_chains
from thalweg.sampling.diagnostics import diagnose
from thalweg.sampling.methods.base import Method
from thalweg.sampling.runaways import check_run, ways_out
from thalweg.sampling.samples import Samples

# States of so many coordinates are summarized by their mean and their energy.
_LARGE = 1000


class Starts(eqx.Module):
    """The first states of chains.

    Arguments:
        states: a pytree of arrays whose first axis counts the chains.
    """

    states: Any


def sample(
    energy: Callable[[Any], Any],
    method: Method,
    start: State | Domain | Starts,
    *,
    count: int = 1000,
    chains: int = 4,
    warmup: int | None = None,
    thin: int = 1,
    key: jax.Array,
) -> Samples:
    """Draw from e^{−E/T}/Z by several chains, and say whether to trust the draws.

    The law is with respect to the volume of the coordinates of the state, as they are given: other
    coordinates of the same states have another law.

    Arguments:
        energy: `state → scalar`.
        method: how to draw, with the temperature: a method of `thalweg.sampling`.
        start: where chains begin. A state: near it, as the method disperses chains (of real
            numbers: standard normal distances, which the coordinates should be scaled for). A
            domain: anywhere in it. `Starts(states)`: at these.
        count: how many draws each chain keeps.
        chains: how many chains there are.
        warmup: how many steps to take before, in which methods tune themselves; None means half
            the steps of the draws, at least 100.
        thin: how many steps to take from one draw to the next.
        key: the randomness, one key; or keys of shape `(chains,)`, all different.

    Returns:
        A `Samples`: the draws, effective sample sizes, R̂, acceptance, divergences, warnings.

    Draws are of the dtype of the start. The same key gives the same draws.

    Raises:
        InputError: what is asked for makes no sense; the message says what and why.
        DivergenceError: a chain ran away: the energy is unbounded below, or steps are too long.

    Whether there is a law is judged by the energy far out along the ways that chains went; where
    it rises too slowly, or falls where no chain has been yet, `warnings` says so. Ways that no
    chain took, other than along a coordinate, are missed.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> bowl = tw.energies.Quadratic([[2.0]])
        >>> run = tw.sample(bowl, tw.sampling.SGLD(0.01), jnp.zeros(1), key=jax.random.key(0))
        >>> run.states.shape
        (4, 1000, 1)
    """
    _check_parts(energy, method)
    plan = _plan(count, warmup, thin)
    keys, away_keys = _keys(key, chains)
    energy = as_arrays(energy)
    kernel, method = as_arrays(method.kernel(energy)), as_arrays(method)
    starts, heights = _starts(energy, method, start, away_keys)
    run = run_chains(method, kernel, energy, starts, keys, plan)
    check_run(run, energy, method, plan, starts, heights)
    return _summary(energy, method, run, plan, starts, heights)


def _check_parts(energy: Any, method: Any) -> None:
    check_energy("sample: energy", energy)
    check_made("sample: method", method)
    if not isinstance(method, Method):
        raise InputError(
            f"sample: method must be a method of thalweg.sampling, such as NUTS(temperature=1.0), "
            f"got {method!r}."
        )


def _plan(count: Any, warmup: Any, thin: Any) -> Plan:
    for name, value, least in (("count", count, 1), ("thin", thin, 1), ("warmup", warmup, 0)):
        if value is not None and (not is_integer(value) or value < least):
            raise InputError(
                f"sample: {name} must be a whole number, at least {least}, got {value!r}."
            )
    steps = max(100, count * thin // 2) if warmup is None else int(warmup)
    return Plan(int(count), steps, int(thin))


def _keys(key: Any, chains: Any) -> tuple[jax.Array, jax.Array]:
    """A key a chain for its steps, and one for its start."""
    if not is_integer(chains) or chains < 1:
        raise InputError(f"sample: chains must be a whole number, at least 1, got {chains!r}.")
    is_typed = isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    lanes = np.arange(chains, dtype=np.uint32)
    if is_typed and key.shape == (chains,):
        words = np.asarray(jax.random.key_data(key)).reshape(chains, -1)
        if len(np.unique(words, axis=0)) < chains:
            raise InputError(
                "sample: two chains have one key: they would be one chain twice. Give "
                f"jax.random.split(key, {chains}), or one key."
            )
        return _streams(key)
    if isinstance(key, jax.Array | np.ndarray) and np.shape(key) == (() if is_typed else (2,)):
        return _lane_streams(key if is_typed else jax.random.wrap_key_data(jnp.asarray(key)), lanes)
    got = f"an array of shape {np.shape(key)}" if hasattr(key, "shape") else repr(key)
    raise InputError(
        f"sample: key must be one key, such as jax.random.key(0), or {chains} of them, one a "
        f"chain; got {got}."
    )


@jax.jit
def _streams(keys: jax.Array) -> tuple[jax.Array, jax.Array]:
    pairs = jax.vmap(jax.random.split)(keys)
    return pairs[:, 0], pairs[:, 1]


@jax.jit
def _lane_streams(key: jax.Array, lanes: Any) -> tuple[jax.Array, jax.Array]:
    """The streams of `lane_keys`, by one program."""
    return _streams(jax.vmap(jax.random.fold_in, (None, 0))(key, lanes))


def _starts(energy: Any, method: Any, start: Any, keys: Any) -> tuple[Any, np.ndarray]:
    """The first states of chains, where the energy is finite, and E there."""
    chains = len(keys)
    if isinstance(start, Domain):
        chart = start.chart()
        points = np.asarray(chart.sample(keys[0], chains))
        states = jax.vmap(chart.embed)(jnp.asarray(points, float))
    elif isinstance(start, Starts):
        states = jax.tree.map(_numbers, start.states)
        lengths = {np.shape(x)[0] if np.ndim(x) else 0 for x in jax.tree.leaves(states)}
        if lengths != {chains}:
            raise InputError(
                f"sample: Starts has {sorted(lengths)} states for {counted(chains, 'chain')}; give "
                f"one each."
            )
    else:
        state = jax.tree.map(_numbers, start)
        if not jax.tree.leaves(state):
            raise InputError("sample: start has no numbers in it.")
        one = jax.tree.map(lambda x: jnp.asarray(x)[None], state)
        _check_levels(energy, one, "start")
        method.refuse(energy, one)
        states = dispersed(method, energy, state, keys)
    heights = _check_levels(energy, states, "a start")
    method.refuse(energy, states)
    return states, heights


def _numbers(leaf: Any) -> Any:
    """A leaf as an array; plain numbers, which say nothing of their precision, as floats."""
    if isinstance(leaf, jax.Array | np.ndarray):
        return jnp.asarray(leaf)
    return jnp.asarray(leaf, float)


def _check_levels(energy: Any, states: Any, name: str) -> np.ndarray:
    """E of states; refuse no states, none finite, or where the energy is not, or no scalar."""
    check_states(energy, states, name)
    broken = non_finite_leaves(states)
    if broken:
        raise InputError(f"sample: {name} must be finite, got {broken[0].lstrip(' =')}.")
    found = np.asarray(levels(energy, states))
    if found.ndim != 1:
        raise InputError(
            f"sample: energy must return a scalar, got the shape {found.shape[1:]} for a state of "
            f"shape {_shape(states)}; take its sum."
        )
    if not np.all(np.isfinite(found)):
        bad = int(np.argmin(np.isfinite(found)))
        where = jax.tree.map(lambda x: np.asarray(x)[bad], states)
        raise InputError(
            f"sample: the energy is {found[bad]} at {name}, {format_state(where)}: chains must "
            f"begin inside its domain."
        )
    return found


def _shape(states: Any) -> Any:
    shapes = [np.shape(x)[1:] for x in jax.tree.leaves(states)]
    return shapes[0] if len(shapes) == 1 else shapes


def _summary(
    energy: Any, method: Any, run: Run, plan: Plan, starts: Any, heights: np.ndarray
) -> Samples:
    states, energies = run.draws
    layout = Layout.of(jax.tree.map(lambda x: x[0, 0], states))
    names = tuple(declared_names(energy, layout)) if layout.size < _LARGE else ()
    if names:
        quantities = np.asarray(layout.flatten(states))
    else:
        leaves = [x.reshape(*x.shape[:2], -1) for x in jax.tree.leaves(states)]
        total = sum(x.sum(axis=-1, dtype=np.float64) for x in leaves)
        quantities = np.asarray(total / layout.size)[..., None]
    levels = np.asarray(energies)[..., None]
    quantities = np.concatenate([quantities, levels], axis=-1)
    # A quantity a row: sums along short rows are slow.
    flat = quantities.reshape(-1, quantities.shape[-1])
    pooled = np.ascontiguousarray(flat.T, dtype=np.float64)
    (ess, rhat), nothing = diagnose(quantities), np.zeros(0)
    return Samples(
        names=(*(names or ("magnetization",)), "energy"),
        mean=pooled.mean(axis=1),
        sd=pooled.std(axis=1, ddof=1) if len(flat) > 1 else np.full(len(pooled), np.nan),
        ess=ess,
        rhat=rhat,
        acceptances=nothing if run.acceptances is None else run.acceptances.astype(float),
        divergences=nothing.astype(int) if run.divergences is None else run.divergences.astype(int),
        method=type(method).__name__,
        temperature=float(np.asarray(method.temperature)),
        num_chains=int(levels.shape[0]),
        count=plan.count,
        warmup=plan.warmup,
        thin=plan.thin,
        notes=ways_out(run, energy, method, plan, starts, heights, rhat),
        about=About(type(energy).__name__, "kernel", names),
        states=states,
        energies=energies,
        found=run.found,
    )
