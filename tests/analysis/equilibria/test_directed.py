"""What random starts miss: attractors in many dimensions, partners that indices ask for."""

import jax
import numpy as np
import pytest
from tests.analysis.systems import TanhNetwork
from tests.zoo import Linear, LinearMap, Sines, polynomial_flow, square

import thalweg as tw
from thalweg.analysis.equilibria.directed import _nearest, _settled
from thalweg.analysis.equilibria.indices import expected_index
from thalweg.analysis.equilibria.search import Scales
from thalweg.analysis.equilibria.sorting import Found, sort_out
from thalweg.analysis.equilibria.symmetries import images, independent_parts, symmetries
from thalweg.analysis.equilibria.trajectories import Ends
from thalweg.dynamics.problem import make_problem


def blocks(size, gain=1.6, seed=0):
    """Three memories in blocks of their own: 3 states each, 27 in all, 8 of them sinks."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], (3, size))
    weights = np.zeros((3 * size, 3 * size))
    for k, sign in enumerate(signs):
        part = slice(k * size, (k + 1) * size)
        weights[part, part] = gain * np.outer(sign, sign) / size
    return weights


@pytest.mark.long
@pytest.mark.parametrize("size", [5, 10])
def test_all_27_equilibria_of_three_blocks(size):
    found = tw.find_equilibria(TanhNetwork(blocks(size)), square(1.2, 3 * size))
    kinds = [e.kind for e in found]
    assert (len(kinds), kinds.count("sink"), kinds.count("saddle")) == (27, 8, 19)
    search = found.search
    assert search.settled == search.trajectories == 256
    assert search.trajectory_unseen_upper is not None
    assert search.trajectory_unseen_upper < 0.05
    assert "trajectories followed forwards settled" in str(search)


def test_parts_and_symmetries_are_seen_and_only_those_there_are():
    with jax.enable_x64(True):
        problem, _ = make_problem(TanhNetwork(blocks(4)), square(1.2, 12))
        parts = independent_parts(problem, Scales(np.ones(12), np.ones(12)))
        known = symmetries(problem, parts)
        lopsided = polynomial_flow(lambda x: np.stack([x[0] - x[0] ** 3, x[0] ** 2 - x[1]]))
        problem, _ = make_problem(lopsided, square(2.0))
        whole = independent_parts(problem, Scales(np.ones(2), np.ones(2)))
        flips = symmetries(problem, whole)
        roots = np.array([[0.0, 0.0], [1.0, 1.0]])
        np.testing.assert_array_equal(images(problem, roots, flips, whole), [[-1.0, 1.0]])
    assert [part.tolist() for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert sum(np.sum(s.sign < 0) == 4 for s in known) == 3
    assert [s.sign.tolist() for s in flips] == [[-1.0, 1.0]]
    assert [part.tolist() for part in whole] == [[0, 1]]


@pytest.mark.long
@pytest.mark.parametrize(
    ("rule", "domain", "expected"),
    [
        (polynomial_flow(lambda x: x - x**3), square(2.0), 1),
        (polynomial_flow(lambda x: x**3 - x), square(2.0), 1),
        (polynomial_flow(lambda x: 1 - x**2, 1), tw.Box([-2.0], [2.0]), None),
        (polynomial_flow(lambda x: -x, 1), tw.Box([-2.0], [2.0]), -1),
        (LinearMap(np.diag([0.5, -0.5])), square(2.0), 1),
        (
            Sines(np.zeros(2), np.array([[0.0, 0.0], [0.0, -1.0]]), np.diag([1.0, 0.0])),
            tw.Box([-np.pi, -1.0], [np.pi, 1.0], periodic=[True, False]),
            0,
        ),
    ],
    ids=["inward", "outward", "through", "odd", "map", "cylinder"],
)
def test_the_sum_of_indices_that_the_boundary_asks_for(rule, domain, expected):
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, domain)
        found = expected_index(problem)
    assert (None if found is None else found[0]) == expected
    sign = [int(np.sign(np.linalg.det(e.jacobian))) for e in tw.find_equilibria(rule, domain)]
    if expected is not None and rule.rule_kind == "flow":
        assert sum(sign) == expected


@pytest.mark.long
def test_a_sum_that_does_not_add_up_is_said(monkeypatch):
    """A search that cannot see the saddle between two sinks says that one is missing."""
    from thalweg.analysis.equilibria import directed, inventory

    rule = polynomial_flow(lambda x: np.stack([1e-5 * x[0] - x[0] ** 3, -x[1]]))
    blind = [(inventory, "_focus", lambda problem, found, inventory: (found, inventory))]
    blind += [(directed, "starts_near", lambda *_, **__: np.zeros((0, 2)))]
    blind += [(inventory, "_deflate", lambda problem, key, found, now: (found, now))]
    blind += [(inventory, "from_what_was_found", lambda problem, found, now: (found, now))]
    for module, name, none in blind:
        monkeypatch.setattr(module, name, none)
    found = tw.find_equilibria(rule, square(1.0))
    assert [e.kind for e in found] == ["sink", "sink"]
    assert any("add up to 2, not 1" in note for note in found.warnings)


@pytest.mark.long
@pytest.mark.parametrize("outside", [True, False])
def test_a_trajectory_that_circles_or_passes_a_rest_has_not_settled_on_it(outside):
    """A source inside a closed orbit that is small beside the domain, and a sink likewise."""
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])

    def spiral(x):
        size = (x[0] ** 2 + x[1] ** 2) / 0.04**2
        # Of the sink, the orbit of radius 0.02 repels and the one of 0.04 attracts.
        rate = 1.0 - size if outside else -(size - 0.25) * (size - 1.0)
        return turn @ x + rate * x

    found = tw.find_equilibria(tw.as_flow(spiral), square(3.0))
    assert [e.kind for e in found] == ["source" if outside else "sink"]
    assert (found.search.trajectories, found.search.settled) == (96, 0)
    assert found.search.moving == 96
    told = "followed forwards settled on one (96 still moved when let go); one more does"
    assert told in " ".join(str(found).split())


def test_what_still_turns_in_on_a_weakly_damped_focus_is_counted_apart():
    """A ten-thousandth of the size is lost a turn: no run of some hundred steps comes to rest."""
    rule = polynomial_flow(lambda x: np.stack([x[1], -x[0] - 3e-5 * x[1]]))
    search = tw.find_equilibria(rule, square(3.0)).search
    # Of those on a small orbit a few come back to where they were a dozen steps before.
    assert search.settled == 0
    assert 90 <= search.moving <= search.trajectories == 96
    runaway = tw.find_equilibria(polynomial_flow(lambda x: x), square(3.0)).search
    assert (runaway.settled, runaway.moving) == (0, 0)


def test_trajectories_settle_on_the_sinks_and_not_on_the_saddle():
    rule = polynomial_flow(lambda x: np.stack([x[0] - x[0] ** 3, -x[1]]))
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, square(2.0))
        scales = Scales(np.ones(2), np.ones(2))
        roots = np.array([[0.0, 0.0], [1.0, 0.0]])
        nowhere = np.full(2, -1)
        found = Found(roots, np.zeros(2), np.zeros(2, int), nowhere, ())
        inventory = sort_out(problem, scales, found)
        ends = Ends(np.array([[1e-3, 0.0], [1.0, 1e-3], [1.0, 0.0]]), np.array([True, True, False]))
        nearest, distance = _nearest(problem, ends.y, roots)
        settled = _settled(problem, ends, inventory, nearest, distance)
    # The last was still moving, at the sink, and stays there.
    assert settled.tolist() == [False, True, True]


@pytest.mark.long
@pytest.mark.parametrize("damping", [0.05, 0.1, 0.15])
def test_trajectories_settle_on_a_weakly_damped_focus(damping):
    rule = Linear(np.array([[0.0, 1.0], [-1.0, -damping]]))
    found = tw.find_equilibria(rule, square(3.0))
    assert (found.search.trajectories, found.search.settled) == (96, 96)
