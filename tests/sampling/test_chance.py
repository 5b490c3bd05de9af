"""Steps of which what their key alone decides is apart."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from thalweg.sampling.chance import parted

STEPS, MOST = 4096, 64


def shaken(key: Any, t: Any, carry: Any) -> Any:
    """A step with normal numbers, a uniform one, and a loop that its key begins."""
    own, other, third = jax.random.split(key, 3)
    away = jax.random.normal(own, carry["x"].shape)
    chance = jax.random.uniform(other)
    turns = jax.lax.while_loop(
        lambda loop: loop[1] > 0.5,
        lambda loop: (loop[0] + 1, jax.random.uniform(jax.random.fold_in(third, loop[0]))),
        (0, jnp.float32(1.0)),
    )[0]
    x = jnp.where(chance < 0.5, carry["x"] + away * t, carry["x"])
    return {"x": x, "turns": carry["turns"] + turns}, chance


CARRY = {"x": np.ones(3, np.float32), "turns": np.int32(2)}


def taken_apart(steps: int = STEPS, most: int = MOST, impl: str = "threefry2x32") -> Any:
    key = jax.random.key(0, impl=impl)
    return parted(shaken, key, np.int32(1), CARRY, steps=steps, most=most)


def test_both_parts_together_are_the_step():
    @jax.jit
    def both(key: Any) -> Any:
        keys, t = jax.random.split(key, 5), jnp.int32(7)
        taken = taken_apart()
        drawn = jax.vmap(taken.drawn)(keys)
        together = jax.vmap(lambda numbers: taken.rest(numbers, t, CARRY))(drawn)
        return together, jax.vmap(lambda key: shaken(key, t, CARRY))(keys)

    together, step = both(jax.random.key(1))
    for one, other in zip(jax.tree.leaves(together), jax.tree.leaves(step), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-7)
    assert len(np.unique(step[0]["turns"])) > 1
    assert len(np.unique(step[1])) == 5


def test_what_is_apart_is_the_random_numbers_and_the_key_of_the_loop():
    taken = taken_apart()
    drawn = jax.eval_shape(taken.drawn, jax.random.key(1))
    # Normal numbers, the uniform one and whether it is below a half, and a key.
    assert sorted((x.shape, str(x.dtype)) for x in drawn) == [
        ((), "bool"), ((), "float32"), ((), "key<fry>"), ((3,), "float32"),
    ]  # fmt: skip
    assert taken.size == 6
    rest = jax.make_jaxpr(taken.rest)(drawn, np.int32(1), CARRY)
    # What is left draws nothing but in its loop.
    assert not any("random" in equation.primitive.name for equation in rest.jaxpr.eqns)


@pytest.mark.parametrize("given", [{"steps": 100}, {"most": 2}, {"impl": "rbg"}])
def test_nothing_is_apart_of_few_steps_large_numbers_and_keys_of_another_kind(given):
    taken, key = taken_apart(**given), object()
    assert taken.drawn(key) == [key]
    assert taken.size == 1


def test_a_step_that_returns_a_weaker_type_stays_whole():
    def step(key: Any, t: Any, carry: Any) -> Any:
        return jnp.where(jax.random.uniform(key) < 2.0, 1.0, 0.0), None

    key = jax.random.key(0)
    taken = parted(step, key, np.int32(0), np.float32(1.0), steps=STEPS, most=MOST)
    assert taken.size == 1


@jax.jit
def nothing(key: Any) -> None:
    """Return nothing, as a function for its effects alone does where it is switched off."""


def test_a_function_that_returns_nothing_is_no_hindrance():
    def step(key: Any, t: Any, carry: Any) -> Any:
        nothing(key)
        return carry + jax.random.uniform(key), None

    taken = parted(step, jax.random.key(0), np.int32(0), np.float32(1), steps=STEPS, most=MOST)
    assert len(jax.eval_shape(taken.drawn, jax.random.key(1))) == 1


def test_the_size_is_that_of_the_numbers_on_the_way_too():
    """Else many that are summed would fill the memory, those of 256 draws at once."""

    def step(key: Any, t: Any, carry: Any) -> Any:
        return carry + jnp.max(jax.random.normal(key, (50,))), None

    taken = parted(step, jax.random.key(0), np.int32(0), np.float32(1), steps=STEPS, most=MOST)
    assert [x.shape for x in jax.eval_shape(taken.drawn, jax.random.key(1))] == [()]
    assert taken.size == 50
