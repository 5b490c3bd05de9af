"""Proofs that ellipsoids tend to their attractor: up to where that is true, and no farther."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.analysis.basins.map_systems import Newton
from tests.zoo import pendulum, polynomial_flow

import thalweg as tw
from thalweg.analysis import Following
from thalweg.analysis.basins.attractors import KnownAttractors
from thalweg.analysis.basins.lanes import Regions
from thalweg.analysis.basins.proofs import BUDGET, prove
from thalweg.dynamics.problem import make_problem

LINE = tw.Box([-2.0], [2.0])
DISC = tw.Box([-2.0, -2.0], [2.0, 2.0])


class Squaring(tw.Map):
    """x⁺ = x², which draws what lies between −1 and 1 to 0."""

    domain = LINE

    def step(self, t, state):
        return state**2


class Mirrored(tw.Map):
    """x⁺ = x/2 − 3x³/2: 0 attracts what lies between 1 and −1, which take turns."""

    domain = LINE

    def step(self, t, state):
        return state / 2.0 - 1.5 * state**3


class Kinked(tw.Flow):
    """x' = −x − max(x − 0.1, 0), or the same written as a choice."""

    chosen: bool
    domain = LINE

    def velocity(self, t, state):
        beyond = state - 0.1
        if self.chosen:
            return -state - jnp.where(beyond > 0.0, beyond, 0.0)
        return -state - jnp.maximum(beyond, 0.0)


class Looping(tw.Flow):
    """x' = −x, by a loop of unknown length."""

    domain = LINE

    def velocity(self, t, state):
        return -jax.lax.while_loop(lambda x: jnp.all(x > 1e9), lambda x: x / 2.0, state)


def balls(centers, radius: float, form=None) -> Regions:
    """Regions of one attractor: balls of a radius, in units of the domain."""
    centers = np.asarray(centers, dtype=float)
    flat, ones = np.zeros_like(centers), np.ones(len(centers))
    form = np.eye(centers.shape[1]) if form is None else form
    forms = np.repeat(form[None], len(centers), axis=0)
    owner = np.zeros(len(centers), dtype=int)
    return Regions(centers, forms, radius**2 * ones, flat, flat, flat, ones, owner)


def is_proved(rule, domain, centers, radius, form=None) -> bool:
    """True where a ball about points of the domain is proved to tend to its attractor."""
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, domain)
        widths = np.asarray(problem.chart.widths)
        part = balls(np.asarray(centers) / widths, radius / widths[0], form)
        return prove(problem, part, BUDGET)[0]


SQUARE_ROOTS = polynomial_flow(lambda x: x - x**3, 1)
# In the plane: r' = r (r² − 1), while it turns; and a saddle at (1, 0) beside the sink at 0.
WHIRL = polynomial_flow(lambda s: s * (np.sum(s**2) - 1.0) + np.stack([-3.0 * s[1], 3.0 * s[0]]), 2)

# Saddles at (0, ±1), where the distance from the sink at 0 rises on the second axis alone.
GATES = polynomial_flow(lambda s: np.stack([-s[0], s[1] ** 3 - s[1]]), 2)


@pytest.mark.parametrize(
    ("rule", "domain", "center", "edge"),
    [
        (SQUARE_ROOTS, LINE, [[1.0]], 1.0),
        (WHIRL, DISC, [[0.0, 0.0]], 1.0),
        (GATES, DISC, [[0.0, 0.0]], 1.0),
        (Squaring(), LINE, [[0.0]], 1.0),
        (Mirrored(), LINE, [[0.0]], 1.0),
    ],
)
def test_a_ball_is_proved_up_to_where_something_else_begins(rule, domain, center, edge):
    assert is_proved(rule, domain, center, 0.995 * edge)
    assert not is_proved(rule, domain, center, 1.005 * edge)


def test_the_centre_need_not_be_at_rest_to_the_last_digit_but_near():
    assert is_proved(SQUARE_ROOTS, LINE, [[1.0 + 1e-9]], 0.5)
    assert not is_proved(SQUARE_ROOTS, LINE, [[0.5]], 0.2)


def test_where_the_distance_rises_at_first_another_form_is_proved():
    sheared = polynomial_flow(lambda s: np.stack([-s[0] + 10.0 * s[1], -s[1]]), 2)
    assert not is_proved(sheared, DISC, [[0.0, 0.0]], 0.5)
    assert is_proved(sheared, DISC, [[0.0, 0.0]], 0.5, np.diag([1.0, 100.0]))


@pytest.mark.long
def test_an_n_cycle_is_proved_where_each_step_comes_nearer():
    newton = tw.find_basins(Newton(), starts=60)
    assert {a.evidence for a in newton.attractors} == {"proved"}
    cycle = tw.find_basins(tw.models.Logistic(r=3.83), starts=60)
    assert [(a.period, a.evidence) for a in cycle.attractors] == [(3.0, "proved")]


def test_a_kink_is_no_jump_and_a_choice_may_be():
    assert is_proved(Kinked(False), LINE, [[0.0]], 0.5)
    assert not is_proved(Kinked(True), LINE, [[0.0]], 0.5)
    assert is_proved(Kinked(True), LINE, [[0.0]], 0.09)


def test_a_program_without_bounds_is_not_proved():
    assert not is_proved(Looping(), LINE, [[0.0]], 0.5)


def test_across_the_end_of_an_angle_nothing_is_proved():
    flow, center = pendulum(0.5), [[0.0, 0.0]]
    form = np.array([[1.5, 0.25], [0.25, 1.0]])
    whole = tw.Box([-np.pi, -np.pi], [np.pi, np.pi], periodic=[True, False])
    cut = tw.Box([-0.1, -np.pi], [2.0 * np.pi - 0.1, np.pi], periodic=[True, False])
    assert is_proved(flow, whole, center, 0.5, form)
    assert not is_proved(flow, cut, center, 0.5, form)


@pytest.mark.parametrize(("widest", "evidence"), [(0.9, "proved"), (1.1, "checked")])
def test_what_a_wider_region_decided_is_proved_by_that_region(widest, evidence):
    with jax.enable_x64(True):
        problem, _ = make_problem(SQUARE_ROOTS, LINE)
        inventory = KnownAttractors(problem, Following())
        assert inventory.keep(
            balls([[0.25]], widest / 4.0), "equilibrium", np.array([[0.25]]), None
        )
        inventory.follow(np.array([[0.3]]), 1.0)
        inventory.parts = [balls([[0.25]], 0.1)]
        inventory.prove()
    assert [member.evidence for member in inventory.members] == [evidence]


@pytest.mark.long
def test_in_more_than_four_dimensions_regions_stay_checked():
    down = tw.as_flow(lambda x: -x, domain=tw.Box([-1.0] * 5, [1.0] * 5))
    assert not is_proved(down, None, np.zeros((1, 5)), 0.5)
    assert is_proved(down, tw.Box([-1.0] * 4, [1.0] * 4), np.zeros((1, 4)), 0.5)
