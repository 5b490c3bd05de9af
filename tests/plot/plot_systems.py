"""Systems whose portraits are known, and their views."""

import jax.numpy as jnp
import numpy as np

import thalweg as tw
from thalweg.core.about import About
from thalweg.dynamics.problem import make_problem
from thalweg.plot.views import make_view


class Circle(tw.Flow):
    """r' = r(1 − r²), φ' = 1: the unit circle attracts."""

    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        pull = 1.0 - x**2 - y**2
        return jnp.stack([pull * x - y, pull * y + x])


class Spin(tw.Flow):
    """θ' = 1 + x, x' = −x, with θ an angle."""

    domain = tw.Box([-np.pi, -1.0], [np.pi, 1.0], periodic=[True, False])

    def velocity(self, t, state):
        return jnp.stack([1.0 + state[1], -state[1]])


class Pole(tw.Flow):
    """x' = 1/x changes sign at 0 without passing through zero; y' = y² − x has one branch."""

    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([1.0 / x, y**2 - x])


def view_of(rule, **options):
    return make_view(make_problem(rule)[0], **options)


def run_through(states, is_map=False):
    """A run through states `(n, d)`, one a unit of time."""
    count, columns = states.shape
    return tw.Trajectory(
        times=np.arange(count, dtype=int if is_map else float),
        states=states,
        last_time=np.asarray(count - 1.0),
        last_state=states[-1],
        result=tw.Result.successful,
        steps=count,
        rejected=0,
        evaluations=count,
        interpolation=None,
        about=About("curve", "map" if is_map else "flow", ("x", "y")[:columns]),
    )
