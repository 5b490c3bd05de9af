"""The laws that hold for anything enrolled, for `call(thing, state) → pytree`.

Compiling is what costs: two programs per case, one batched and one of derivatives, give all the
evidence, and every batch of a case has one size.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import Layout, as_arrays

Call = Callable[[Any, Any], Any]

STEP = 1e-5
TRACES: list[Call] = []


@eqx.filter_jit
def compiled(call: Call, thing: Any, states: Any) -> Any:
    """`call` on a batch of states; counts its traces."""
    TRACES.append(call)
    return jax.vmap(lambda state: call(thing, state))(states)


def batch_of(state: Any) -> Any:
    """The state, another, one with a NaN in each coordinate, one with each coordinate shifted."""
    layout = Layout.of(state)
    flat = layout.flatten(state)
    eye = np.eye(layout.size)
    rows = [flat[None], layout.flatten(random_like(state, 1))[None]]
    rows += [np.where(eye == 1, np.nan, flat), flat + 0.01 * eye]
    return layout.unflatten(np.concatenate(rows))


def run(call: Call, thing: Any, state: Any) -> Any:
    """The results for `batch_of(state)`, compiled, in float64."""
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, compiled(call, as_arrays(thing), batch_of(state)))


@eqx.filter_jit
def derivatives(call: Call, thing: Any, state: Any, move: Any, weight: Any) -> dict[str, Any]:
    """Forward and reverse derivatives in parameters and state together, and finite differences."""
    parameters, rest = eqx.partition(thing, eqx.is_inexact_array)

    def value(parameters: Any, state: Any) -> Any:
        return call(eqx.combine(parameters, rest), state)

    def at(h: jax.Array) -> Any:
        return value(*jax.tree.map(lambda a, d: a + h * d, (parameters, state), move))

    _, forward = jax.jvp(value, (parameters, state), move)
    _, pull = jax.vjp(value, parameters, state)
    both = jax.vmap(at)(jnp.array([STEP, -STEP]))
    difference = jax.tree.map(lambda a: (a[0] - a[1]) / (2 * STEP), both)
    reverse = sum(
        jnp.vdot(a, b)
        for a, b in zip(jax.tree.leaves(pull(weight)), jax.tree.leaves(move), strict=True)
    )
    return {"forward": forward, "difference": difference, "reverse": reverse}


def lane(batch: Any, index: int) -> Any:
    """One state of a batch."""
    return jax.tree.map(lambda leaf: leaf[index], batch)


def close(a: Any, b: Any, rtol: float, atol: float = 0.0) -> None:
    """Assert two pytrees equal, relative to the largest entry of each leaf."""
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        scale = np.max(np.abs(y), initial=0.0)
        np.testing.assert_allclose(x, y, rtol=0.0, atol=rtol * scale + atol)


def random_like(tree: Any, seed: int) -> Any:
    """A direction as large as `tree` itself, entry by entry; zero where it is infinite."""
    rng = np.random.default_rng(seed)

    def direction(a: Any) -> np.ndarray:
        size = np.where(np.isfinite(a), 0.1 + np.abs(a), 0.0)
        return rng.normal(size=np.shape(a)) * size

    return jax.tree.map(direction, tree)


def check_jit_and_vmap(call: Call, thing: Any, state: Any) -> None:
    """jit of vmap gives what plain calls give, one state after the other."""
    batch, together = batch_of(state), run(call, thing, state)
    with jax.enable_x64(True):
        for index in range(2):
            plain = call(as_arrays(thing), jax.tree.map(jnp.asarray, lane(batch, index)))
            close(lane(together, index), plain, rtol=1e-10, atol=1e-12)


def check_derivatives(
    call: Call, thing: Any, state: Any, rtol: float, keeps_sum: bool = False
) -> None:
    """Derivatives in the state and the parameters against central differences, both modes."""
    with jax.enable_x64(True):
        wide = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.float64) if eqx.is_inexact_array(a) else a,
            as_arrays(thing),
        )
        shape = jax.eval_shape(lambda s: call(wide, s), state)
        weight = random_like(jax.tree.map(lambda s: np.ones(s.shape), shape), 2)
        move = random_like((eqx.filter(wide, eqx.is_inexact_array), state), 3)
        if keeps_sum:
            move = (move[0], jax.tree.map(lambda a: a - np.mean(a), move[1]))
        found = jax.tree.map(np.asarray, derivatives(call, wide, state, move, weight))
    close(found["forward"], found["difference"], rtol=rtol, atol=1e-9)
    paired = sum(
        np.vdot(w, f)
        for w, f in zip(jax.tree.leaves(weight), jax.tree.leaves(found["forward"]), strict=True)
    )
    scale = sum(np.sum(np.abs(w)) for w in jax.tree.leaves(weight))
    size = max(np.max(np.abs(f)) for f in jax.tree.leaves(found["forward"]))
    assert abs(found["reverse"] - paired) <= 1e-12 * (1.0 + scale * size)


def check_dtypes(call: Call, thing: Any, state: Any, expected: Any) -> None:
    """A float32 state gives a float32 result of the right shape, with x64 on and off."""
    for dtype, wide in ((np.float32, False), (np.float32, True), (np.float64, True)):
        with jax.enable_x64(wide):
            typed = jax.tree.map(lambda a, d=dtype: np.asarray(a, d), state)
            for given in (thing, as_arrays(thing)) if wide else (thing,):
                found = jax.eval_shape(lambda s, given=given: call(given, s), typed)
                assert jax.tree.structure(found) == jax.tree.structure(expected)
                for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
                    assert (a.shape, a.dtype) == (np.shape(b), np.dtype(dtype)), (wide, given)


def check_one_trace(call: Call, make: Callable[[], Any], state: Any) -> None:
    """Other values of every parameter do not compile again."""
    run(call, make(), state)
    count = len(TRACES)
    other = jax.tree.map(
        lambda a: a * 1.01 if isinstance(a, float) or eqx.is_inexact_array(a) else a, make()
    )
    run(call, other, state)
    assert len(TRACES) == count


def check_nan_is_not_masked(call: Call, thing: Any, state: Any) -> None:
    """A NaN in a coordinate comes out as NaN, unless that coordinate has no influence at all."""
    results = jax.tree.leaves(run(call, thing, state))
    values = np.concatenate([np.reshape(x, (len(x), -1)) for x in results], axis=1)
    plain, (spoiled, shifted) = values[0], np.split(values[2:], 2)
    assert np.all(np.isfinite(plain))
    assert np.any(np.isnan(spoiled))
    for i, (with_nan, moved) in enumerate(zip(spoiled, shifted, strict=True)):
        assert np.array_equal(moved, plain) or np.any(np.isnan(with_nan)), f"coordinate {i}"


def check_reproducible(call: Call, make: Callable[[], Any], state: Any) -> None:
    """Two instances made alike give the same result, bit for bit."""
    first, second = (run(call, make(), state) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, first, second)
