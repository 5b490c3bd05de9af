"""What is found does not depend on the box, and the search says what became of every start."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import Sines, polynomial_flow, square

import thalweg as tw

BISTABLE = polynomial_flow(lambda x: x - x**3)


class Kuramoto(tw.Flow):
    """θᵢ' = ωᵢ + (3/8) Σⱼ sin(θⱼ − θᵢ)."""

    frequencies: np.ndarray
    domain = tw.Box([0.0] * 4, [2 * np.pi] * 4, periodic=[True] * 4)

    def velocity(self, t, state):
        pull = jnp.sin(state[None] - state[:, None])
        return self.frequencies + 0.375 * jnp.sum(pull, axis=1)


@pytest.mark.long
@pytest.mark.parametrize("half_width", [2.0, 1e2, 1e4, 1e5, 1e8])
def test_nine_equilibria_in_a_box_of_any_size(half_width):
    found = tw.find_equilibria(BISTABLE, square(half_width))
    expected = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    np.testing.assert_allclose([e.state for e in found], expected, atol=1e-12)
    kinds = [e.kind for e in found]
    assert kinds == ["sink", "saddle", "sink", "saddle", "source", "saddle", *kinds[:3]]
    np.testing.assert_allclose(found[1].eigenvalues, [1.0, -2.0], atol=1e-9)
    assert found.search.converged == found.search.starts


@pytest.mark.parametrize("width", [1e-2, 1e-5, 1e-8])
def test_the_partner_between_two_near_sinks_is_found(width):
    near = polynomial_flow(lambda x: np.stack([width * x[0] - x[0] ** 3, -x[1]]))
    low, middle, high = tw.find_equilibria(near, square(1.0))
    assert [low.kind, middle.kind, high.kind] == ["sink", "saddle", "sink"]
    np.testing.assert_allclose([low.state[0], middle.state[0]], [-np.sqrt(width), 0], rtol=1e-9)
    np.testing.assert_allclose(high.eigenvalues, [-2 * width, -1.0], rtol=1e-6)


def test_a_lone_root_far_below_the_size_of_the_box_is_classified_there():
    cubic = polynomial_flow(lambda x: 1.0 - x[0] - x[0] ** 3 + 0 * x, 1)
    (only,) = tw.find_equilibria(cubic, tw.Box([-1e8], [1e8]))
    np.testing.assert_allclose(only.state, 0.6823278038280193, atol=1e-14)
    assert (only.kind, only.form) == ("sink", "node")


@pytest.mark.parametrize(
    "box",
    [
        (1.0, 1e-4, 1.0),
        (1.0, 1e-3, 1.0),
        pytest.param((1.0, 1.0, 1.0), marks=pytest.mark.long),
    ],
)
def test_robertson_rests_on_one_line_and_no_entry_is_there_twice(box):
    def robertson(state):
        x, y, z = state
        slow, fast, back = 0.04 * x, 3e7 * y**2, 1e4 * y * z
        return np.stack([back - slow, slow - back - fast, fast])

    found = tw.find_equilibria(polynomial_flow(robertson, 3), tw.Box([0.0] * 3, list(box)))
    search = found.search
    assert (search.distinct, search.continua, search.entries, search.points) == (1, 1, 5, 5)
    states = np.array([e.state for e in found])
    np.testing.assert_allclose(states[:, :2], 0.0, atol=1e-6)
    assert np.min(np.diff(np.sort(states[:, 2]))) > 0.1
    assert all(e.continuum == 1 for e in found)


@pytest.mark.long
def test_the_circles_of_coupled_oscillators_are_counted():
    """Four Kuramoto oscillators, by their differences from the mean field: 8 circles."""
    found = tw.find_equilibria(Kuramoto(np.array([-0.3, -0.1, 0.15, 0.25])))
    assert (found.search.continua, found.search.distinct) == (8, 8)
    assert found.search.points == found.search.entries == len(found) <= 40


@pytest.mark.long
def test_what_became_of_the_starts_is_told_apart():
    ghost = polynomial_flow(lambda x: np.stack([x[0] ** 2 + 1e-3, -x[1]]))
    found = tw.find_equilibria(ghost, square(1.0)).search
    assert (found.stalled, found.left, found.unfinished) == (found.starts, 0, 0)
    assert "minimum of the speed that is not zero" in str(found)
    assert "A random start finds a new one with probability below 0.9 %" in str(found)
    assert "None of 96 trajectories followed forwards settled on one; one more does" in str(found)
    away = Sines(np.array([1.0, 0.0]), np.diag([0.0, -1.0]), np.zeros((2, 2)))
    leaving = tw.find_equilibria(away, square(1.0)).search
    assert leaving.converged == 0
    assert leaving.left + leaving.stalled + leaving.unfinished == leaving.starts
    few = polynomial_flow(lambda x: np.stack([x[0] ** 2 + 1e-3 - x[1], -x[1] + 0.5 * x[1] ** 2]))
    both = tw.find_equilibria(few, tw.Box([-2.0, -1.0], [2.0, 3.0]))
    counts = both.search.to_dict()
    others = ("converged", "outside", "left", "stalled", "unfinished")
    assert sum(counts[key] for key in others) == counts["starts"]
    assert counts["stalled"] > 0 < counts["converged"]
