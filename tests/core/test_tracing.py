"""Chance that JAX would freeze is seen by a second trace; what is the same twice passes."""

import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.analysis.descent.bounded_below import check_bounded_below
from thalweg.core import tracing
from thalweg.core.tracing import is_reproducible

RNG = np.random.default_rng(0)
MATRIX, KEY = np.array([[0.0, 1.0], [-1.0, 0.5]]), jax.random.key(0)
ABSTRACT = jax.ShapeDtypeStruct((2,), np.float32)

DRAWS = {
    "an array": lambda x: x + np.random.randn(2),  # noqa: NPY002
    "a number": lambda x: RNG.normal() * x,
    "python's": lambda x: random.random() * x,
    "in a loop": lambda x: jax.lax.fori_loop(0, 3, lambda _, y: y + RNG.normal(), x),
    "in a branch": lambda x: jax.lax.cond(x[0] > 0, lambda: x * RNG.normal(), lambda: x),
    "in jit": lambda x: jax.jit(lambda y: y * RNG.normal())(x),
    "of operations": lambda x: x if RNG.integers(2**40) == 0 else RNG.integers(2, 40) * x,
    "as a result": lambda x: RNG.normal(size=2),
}
SAME = {
    "closed over": lambda x: MATRIX @ x,
    "by a key": lambda x: x + jax.random.normal(KEY, (2,)),
    "not a number": lambda x: x * np.nan,
    "a gradient": jax.grad(lambda x: jax.nn.logsumexp(x)),
    "compiled": jax.jit(jnp.tanh),
    "seeded anew": lambda x: x + np.random.default_rng(0).normal(size=2),
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_is_drawn_while_tracing_is_seen(name):
    assert not is_reproducible(DRAWS[name], DRAWS[name], ABSTRACT)


@pytest.mark.parametrize("name", SAME)
def test_what_is_the_same_twice_passes(name):
    assert is_reproducible(SAME[name], SAME[name], ABSTRACT)


def test_a_function_is_looked_at_once_and_another_one_again(monkeypatch):
    seen = []
    monkeypatch.setattr(tracing, "_traced", lambda fn, *_: seen.append(fn))
    one, two = (lambda x: 2.0 * x), (lambda x: 3.0 * x)
    for fn in (one, one, two, one, two):
        assert is_reproducible(fn, fn, ABSTRACT)
    assert seen == [one, one, two, two]
    assert is_reproducible(one, one, jax.ShapeDtypeStruct((3,), np.float32))
    assert len(seen) == 6


def test_other_parameters_are_not_looked_at_again(monkeypatch):
    seen = []
    monkeypatch.setattr(tracing, "_LOOKED_AT", {})
    monkeypatch.setattr(tracing, "_traced", lambda fn, *_: seen.append(fn))
    for rate in (1.0, 2.0):
        tw.simulate(Frozen(rate), jnp.zeros(2), steps=2)
    assert len(seen) == 2


class Frozen(tw.Map):
    """x⁺ = rate · x, and nothing random."""

    rate: float = 0.5

    def step(self, t, state):
        return self.rate * state


class NoisyMap(tw.Map):
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def step(self, t, state):
        return 0.5 * state + 0.1 * RNG.normal(size=2).astype(state.dtype)


class NoisyFlow(tw.Flow):
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def velocity(self, t, state):
        return -state * RNG.random()


class NoisyDiffusion(tw.Diffusion):
    def drift(self, t, state):
        return -state

    def noise(self, t, state):
        return RNG.random()


class NoisyKernel(tw.Kernel):
    def draw(self, key, t, state):
        return state + RNG.normal(size=2).astype(state.dtype)


@pytest.mark.parametrize(
    ("rule", "options", "words"),
    [
        (NoisyMap(), {"steps": 2}, ["NoisyMap.step", "a Kernel"]),
        (NoisyFlow(), {"duration": 1.0}, ["NoisyFlow.velocity", "a Diffusion"]),
        (NoisyKernel(), {"steps": 2, "key": KEY}, ["NoisyKernel.draw", "jax.random"]),
        (NoisyDiffusion(), {"duration": 1.0, "dt": 0.1, "key": KEY}, ["drift", "into its noise"]),
    ],
)
def test_a_rule_that_draws_without_a_key_is_refused(rule, options, words):
    with pytest.raises(tw.InputError) as caught:
        tw.simulate(rule, jnp.zeros(2), **options)
    for word in [*words, "numpy.random", "frozen"]:
        assert word in str(caught.value)


@pytest.mark.parametrize("rule", [NoisyMap(), NoisyFlow()])
def test_analysis_refuses_it_too(rule):
    with pytest.raises(tw.InputError, match=r"numpy\.random"):
        tw.find_equilibria(rule)


@pytest.mark.long
def test_an_energy_that_draws_is_refused():
    def energy(x):
        return jnp.sum(x**2) * RNG.random()

    with pytest.raises(tw.InputError, match=r"energy .* state alone"):
        tw.check_descent(Frozen(), energy, tw.Box([-1.0, -1.0], [1.0, 1.0]))
    with pytest.raises(tw.InputError, match=r"check_bounded_below: energy"):
        check_bounded_below(energy, 2)
    with pytest.raises(tw.InputError, match=r"SteepestDescent\.velocity"):
        tw.simulate(tw.SteepestDescent(energy), jnp.ones(2), duration=1.0)
