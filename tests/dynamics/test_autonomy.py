"""One answer to whether a rule depends on time: the same from every verb that must know."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.analysis.equilibria.looks import look_at
from thalweg.dynamics import make_problem
from thalweg.dynamics.autonomy import time_change
from thalweg.plot.scenes import make_portrayed

BOX = tw.Box([-1.0], [1.0])
# The second has the period of a time that once was the only one looked at.
SEEN = [(0.5, 2.0 * np.pi), (1.0, 0.7310585786), (1e-10, 1.0)]
UNSEEN = [(0.0, 1.0), (1e-13, 2.0 * np.pi)]


class Driven(tw.Flow):
    """−x + a sin(2πt/T)."""

    a: Any
    period: Any

    def velocity(self, t, state):
        return -state + self.a * jnp.sin(2.0 * np.pi * t / self.period)


class Counted(tw.Map):
    """x/2, and a more at every step whose number is odd."""

    a: Any

    def step(self, t, state):
        return 0.5 * state + self.a * (t % 2)


def driven(case):
    return Driven(*map(np.asarray, case))


def ask(name, rule):
    with jax.enable_x64(True):
        if name == "equilibria":
            look_at(make_problem(rule, BOX)[0], None, None)
        elif name == "descent":
            tw.check_descent(rule, lambda x: 0.5 * jnp.sum(x**2), BOX)
        elif name == "portrait":
            make_portrayed(rule, BOX)
        else:
            tw.recover_energy(rule, BOX, equilibria=(), thorough=False)


class FastAndDriven(tw.Flow):
    """A coordinate 1e13 times as fast as the one that is driven."""

    def velocity(self, t, state):
        return jnp.stack([-1e13 * state[0], -state[1] + 0.5 * jnp.cos(t)])


def test_a_coordinate_hides_behind_no_faster_one():
    with pytest.raises(tw.InputError, match="depends on time"):
        tw.find_equilibria(FastAndDriven(), tw.Box([-1.0, -1.0], [1.0, 1.0]))


@pytest.mark.parametrize("case", SEEN)
@pytest.mark.parametrize("name", ["equilibria", "descent", "recovery", "portrait"])
def test_all_verbs_refuse_a_rule_that_depends_on_time(name, case):
    with pytest.raises(tw.InputError, match=r"Driven depends on time.*Stroboscopic"):
        ask(name, driven(case))


@pytest.mark.long
@pytest.mark.parametrize("case", UNSEEN)
@pytest.mark.parametrize("name", ["equilibria", "descent", "recovery", "portrait"])
def test_no_verb_refuses_what_is_rounding(name, case):
    ask(name, driven(case))


def test_the_change_is_relative_and_of_finite_points_only():
    with jax.enable_x64(True):
        problem = make_problem(Counted(np.asarray(0.25)), tw.Box([-1.0], [3.0]))[0]
        points = np.array([[-1.0], [3.0], [np.nan]])
        change = time_change(problem, points)
        assert (change.most, change.size) == (0.25, 1.5)
        assert change.is_seen
        still = eqx.tree_at(lambda p: p.rule.a, problem, np.asarray(0.0))
        assert not time_change(still, points).is_seen
