"""Equilibria proved to be all: known counts, what no start finds, and what stays undecided."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import keeps_the_protocol
from tests.zoo import LinearMap, pendulum, polynomial_flow, square

import thalweg as tw
from thalweg.analysis.equilibria.certify import certified as proved
from thalweg.analysis.equilibria.distinct import Roots
from thalweg.analysis.equilibria.krawczyk import Effort, Zeros, find_zeros
from thalweg.analysis.equilibria.polish import Polished
from thalweg.analysis.equilibria.proof import merged
from thalweg.analysis.equilibria.search import Scales
from thalweg.analysis.equilibria.sorting import Inventory
from thalweg.dynamics.problem import make_problem

FEW = 16


class Units(tw.Flow):
    """x' = −x + tanh(g x), each unit alone: three states of rest a unit where g > 1."""

    gain: float

    def velocity(self, t, state):
        return jnp.tanh(self.gain * state) - state


class Hidden(tw.Flow):
    """A sink at 0, and a saddle and a sink in a disc of a thousandth of the box."""

    size: float = 1e-3
    domain = square(1.0)

    def velocity(self, t, state):
        there = jnp.array([0.6, 0.6])
        bump = jnp.exp(-jnp.sum((state - there) ** 2) / self.size**2)
        return -state + 2.0 * bump * there


class Friction(tw.Flow):
    """x'' = −x − 0.3 sign(x'), which jumps at x' = 0."""

    domain = square(1.0)

    def velocity(self, t, state):
        return jnp.stack([state[1], -state[0] - 0.3 * jnp.sign(state[1])])


def certified(rule, domain=None, **options):
    return tw.find_equilibria(rule, domain, starts=FEW, certify=True, **options)


@pytest.mark.parametrize(
    ("rule", "domain", "count"),
    [
        (tw.models.FitzHughNagumo(), None, 1),
        (tw.models.FitzHughNagumo(current=0.5, b=3.0), None, 3),
        (polynomial_flow(lambda x: x - x**3, 1), square(2.0, 1), 3),
        pytest.param(Units(3.0), square(2.0), 9, marks=pytest.mark.long),
        (Units(0.9), square(2.0), 1),
        (tw.models.Lorenz(), None, 3),
        pytest.param(tw.SteepestDescent(tw.energies.FourWells()), None, 9, marks=pytest.mark.long),
        pytest.param(
            polynomial_flow(lambda s: np.stack([1.0 + s[0] ** 2, s[1]]), 2),
            square(2.0),
            0,
            marks=pytest.mark.long,
        ),
        (tw.models.Logistic(r=3.3), None, 2),
        (LinearMap(np.array([[0.5, 1.0], [0.0, 2.0]])), square(1.0), 1),
    ],
)
def test_all_equilibria_are_proved_to_be_all(rule, domain, count):
    found = certified(rule, domain)
    assert found.proof is not None
    assert found.proof.is_complete
    assert len(found) == len(found.proof.boxes) == count
    at = np.array([np.ravel(e.state) for e in found])
    for low, high in found.proof.boxes:
        assert np.sum(np.all((at >= low) & (at <= high), axis=1)) == 1
    assert any(line.startswith("Proved: ") for line in found.remarks())


@pytest.mark.long
def test_a_pair_that_no_start_visits_is_found_by_the_proof():
    assert len(tw.find_equilibria(Hidden(), starts=FEW)) == 1
    found = certified(Hidden())
    assert [e.kind for e in found] == ["sink", "saddle", "sink"]
    assert max(e.residual for e in found) < 1e-12
    assert found.proof is not None
    assert (found.proof.added, found.search.directed) == (2, 2)
    assert any("no start had led there" in line for line in found.remarks())
    keeps_the_protocol(found)


@pytest.mark.long
@pytest.mark.parametrize(("fn", "size"), [(lambda x: -(x**3), 1), (lambda x: -x * np.sum(x**2), 2)])
def test_about_a_degenerate_root_nothing_is_proved_and_that_is_said(fn, size):
    found = certified(polynomial_flow(fn, size), square(1.0, size))
    assert found.proof is not None
    assert not found.proof.is_complete
    ((low, high),) = found.proof.undecided
    assert np.all(np.abs([low, high]) < 1e-7)
    assert np.all(low <= 0.0)
    assert np.all(high >= 0.0)
    assert len(found) == 1
    assert any(line.startswith("Not all is proved: 1 box is undecided") for line in found.remarks())
    keeps_the_protocol(found)


@pytest.mark.long
def test_speeds_below_rounding_are_proved_to_be_no_rest():
    ghost = polynomial_flow(lambda s: np.stack([1e-20 + s[0] ** 2, -s[1]]), 2)
    assert len(tw.find_equilibria(ghost, square(1.0), starts=FEW)) == 1
    found = certified(ghost, square(1.0))
    assert found.proof is not None
    assert (len(found), found.proof.is_complete, found.proof.refuted) == (0, True, 1)
    assert found.search.converged == 0
    keeps_the_protocol(found)


def test_roots_on_the_edge_of_the_domain_count_and_are_said():
    species = polynomial_flow(
        lambda s: np.stack([s[0] * (2.0 - 2.0 * s[0] - s[1]), s[1] * (2.0 - 2.0 * s[1] - s[0])]), 2
    )
    found = certified(species, tw.Box([0.0, 0.0], [2.0, 2.0]))
    assert found.proof is not None
    assert (len(found), found.proof.is_complete, found.proof.on_edge) == (4, True, 3)


def test_both_ends_of_an_angle_are_one_place():
    """Upright, the pendulum is at an end of the domain, which is the other end too."""
    turn = tw.Box([-np.pi, -2.0], [np.pi, 2.0], periodic=[True, False])
    found = certified(pendulum(0.2), turn)
    assert found.proof is not None
    assert (len(found), found.proof.is_complete, len(found.proof.boxes)) == (2, True, 2)


@pytest.mark.long
def test_a_circle_of_rests_is_not_proved_to_be_one():
    ring = polynomial_flow(lambda s: s * (1.0 - np.sum(s**2)), 2)
    found = certified(ring, square(2.0))
    assert found.proof is not None
    assert not found.proof.is_complete
    assert found.search.continuum
    assert len(found.proof.boxes) == 1


@pytest.mark.long
def test_where_a_rule_jumps_nothing_is_proved():
    found = certified(Friction())
    assert found.proof is not None
    assert not found.proof.is_complete
    assert np.any(np.all(found.proof.undecided[:, 0] <= 1e-6, axis=1))


def test_without_known_points_every_root_is_found_on_faces_of_boxes_too():
    with jax.enable_x64(True):
        zeros = Zeros(lambda x: jnp.tanh(3.0 * x) - x, 2)
        side = np.full(2, 2.0)
        found = find_zeros(zeros, -side, side, np.empty((0, 2)), Effort())
        few = find_zeros(zeros, -side, side, np.empty((0, 2)), Effort(max_boxes=20))
    assert (len(found.roots), len(found.undecided)) == (9, 0)
    assert few.num_boxes == 20
    # What is left holds the roots that were not found yet.
    at = np.array([np.mean(root.near, axis=0) for root in found.roots])
    known = np.array([np.mean(root.near, axis=0) for root in few.roots]).reshape(-1, 2)
    for point in at:
        is_known = any(np.allclose(point, other) for other in known)
        is_left = np.any(np.all((few.undecided[:, 0] <= point) & (few.undecided[:, 1] >= point), 1))
        assert is_known or is_left


def listed(rule, domain, places, spread=1e-12):
    """Truths, one a listed place that stays, and the proof."""
    y = np.array(places, dtype=float)[:, None]
    number, zero, nobody = np.arange(len(y)), np.zeros(len(y)), np.full(len(y), -1)
    polished = Polished(y, np.zeros_like(y), np.ones((len(y), 1, 1)), np.zeros_like(y))
    roots = Roots(y, polished, np.zeros_like(y), np.full_like(y, spread), number)
    ends = nobody, number, y, zero, number, number
    inventory = Inventory(roots, zero == 0.0, (), zero > 1.0, *ends, Scales(np.ones(1), np.ones(1)))
    with jax.enable_x64(True):
        inventory, proof = proved(make_problem(rule, domain)[0], inventory)
    return inventory.inside.tolist(), proof


def test_what_is_listed_twice_counts_once():
    cubic = polynomial_flow(lambda x: x - x**3, 1)
    stays, proof = listed(cubic, square(2.0, 1), [-1.0, 0.0, 1.0, 1.0 + 1e-13])
    assert stays == [True, True, True, False]
    assert (len(proof.boxes), proof.added, proof.refuted) == (3, 0, 0)


@pytest.mark.parametrize("end", [1.1, 1.2, 1.3])
def test_a_root_at_both_ends_of_an_angle_is_one_but_for_rounding(end):
    turn = tw.Box([end], [end + 2.0 * np.pi], periodic=True)
    stays, proof = listed(tw.as_flow(lambda x: jnp.sin(x - end)), turn, [end, end + np.pi])
    assert stays == [True, True]
    assert (len(proof.boxes), proof.is_complete) == (2, True)


def test_what_may_lie_in_an_undecided_box_is_not_refuted():
    cubic = polynomial_flow(lambda x: -(x**3), 1)
    stays, proof = listed(cubic, square(1.0, 1), [1e-6, 1e-3], spread=1e-5)
    assert np.all(np.abs(proof.undecided) < 1e-7)
    assert (stays, proof.refuted) == ([True, False], 1)


def test_boxes_that_touch_are_one():
    ends = [[0.0, 1.0], [2.0, 3.0], [1.0, 1.5], [1.5, 2.0], [5.0, 6.0]]
    found = merged(np.array(ends)[:, :, None], np.ones(1))
    assert sorted(found.ravel().tolist()) == [0.0, 3.0, 5.0, 6.0]


@pytest.mark.long
@pytest.mark.parametrize(
    ("rule", "domain", "said"),
    [
        (tw.as_flow(lambda x: -x), square(1.0, 4), "up to 3 coordinates, got 4"),
        (tw.as_flow(lambda x: x - x @ x), tw.ProbabilitySimplex(3), "of another domain"),
        (
            tw.as_map(lambda x: x + 0.1),
            tw.Box([0.0], [6.0], periodic=True),
            "maps of angles",
        ),
        (
            tw.as_flow(lambda x: jax.lax.while_loop(lambda y: y[0] > 9.0, lambda y: y / 2.0, -x)),
            square(1.0, 1),
            "'while'",
        ),
    ],
)
def test_what_has_no_proofs_is_refused(rule, domain, said):
    with pytest.raises(tw.InputError, match=said):
        certified(rule, domain)


@pytest.mark.long
def test_a_held_coordinate_is_no_obstacle():
    held = tw.as_flow(lambda x: x - x**3)
    found = certified(held, tw.Box([0.0, -2.0], [0.0, 2.0]))
    assert len(found) == 3
    assert found.proof is not None
    assert found.proof.is_complete
    with pytest.raises(tw.InputError, match="certify must be True or False, got 'no'"):
        tw.find_equilibria(held, square(1.0), certify="no")  # type: ignore[arg-type]


@pytest.mark.long
def test_polynomials_by_polyval_have_bounds():
    flow = tw.as_flow(lambda x: jnp.polyval(jnp.array([-1.0, 0.0, 1.0, 0.0]), x))
    assert len(certified(flow, square(2.0))) == 9
