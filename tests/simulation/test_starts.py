"""Starts that are no states of the space of a rule, and those that are, but for rounding."""

import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.dynamics import CovariantDescent, MirrorStep
from thalweg.geometry import LogBarrier
from thalweg.models.classics.games import Replicator


def product(x):
    return x[0] * x[1]


ON_SIMPLEX = (
    tw.SteepestDescent(product, tw.Simplex()),
    tw.GradientStep(product, 0.1, tw.Simplex()),
    CovariantDescent(product, geometry=tw.Simplex()),
    MirrorStep(product, 0.1),
    Replicator(np.eye(2)),
)


@pytest.mark.parametrize("rule", ON_SIMPLEX, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("start", [[1.5, -0.5], [0.3, 0.3], [1.0 + 1e-5, 0.0]])
def test_a_start_off_the_simplex_is_refused(rule, start):
    is_map = isinstance(rule, tw.Map)
    with pytest.raises(tw.InputError, match=r"start must .* not negative and add up to one, got"):
        tw.simulate(rule, start, steps=1 if is_map else None, duration=None if is_map else 1.0)


def test_shares_are_taken_but_for_rounding_however_many_rows():
    for start in ([1.0, 0.0], [0.3, 0.7 + 1e-9], [1.0 + 1e-12, -1e-12]):
        tw.Simplex().check_state(np.array(start))
    tw.Simplex().check_state({"a": np.full((3, 4), 0.25), "b": jnp.full(3, 1 / 3)})
    with pytest.raises(tw.InputError, match=r"got \(0.5, 0.25\), with the sum 0.75; divide by it"):
        tw.Simplex().check_state(np.array([[0.5, 0.5], [0.5, 0.25]]))
    with pytest.raises(tw.InputError, match="a vector of probabilities, got a number"):
        tw.Simplex().check_state(1.0)


def test_other_spaces_have_starts_of_their_own():
    with pytest.raises(tw.InputError, match="Sphere: start must be on a sphere"):
        tw.simulate(tw.SteepestDescent(product, tw.Sphere()), [0.0, 0.0], duration=1.0)
    with pytest.raises(tw.InputError, match=r"LogBarrier: start must hold positive .* \(-1, 2\)"):
        tw.simulate(MirrorStep(product, 0.1, LogBarrier()), [-1.0, 2.0], steps=1)


def test_a_comparison_names_the_start_and_the_rule():
    starts = np.array([[0.2, 0.8], [0.3, 0.3]])
    with pytest.raises(tw.InputError, match=r"a start of 'replicator' .* got \(0.3, 0.3\)"):
        tw.compare_operators(product, {"replicator": ON_SIMPLEX[0]}, starts, steps=3)


@pytest.mark.parametrize("find", [tw.find_equilibria, tw.find_basins, tw.find_cycles])
def test_starts_of_searches_are_on_the_simplex(find):
    starts = np.array([[0.5, 0.5, 0.0], [0.5, 0.6, -0.1]])
    with pytest.raises(tw.InputError, match=r"starts must be on the .* \(0.5, 0.6, -0.1\), with a"):
        find(Replicator(), starts=starts)
