"""Fixed-step methods against their formulas, by hand."""

import jax
import numpy as np
import pytest
from tests.simulation.rules_to_simulate import Emptying

import thalweg as tw
from thalweg.simulation import Euler, RungeKutta4


@pytest.mark.parametrize("begin", [0.0, 1.0])
def test_a_step_looks_at_both_ends_and_the_middle_of_its_time(begin):
    """Of a flow of time alone, a step of RK4 is Simpson's rule."""
    flow, dt = Emptying(4.0), 2.0
    ends, middle = flow.velocity(begin, 0.0) + flow.velocity(begin + dt, 0.0), begin + dt / 2
    simpson = dt / 6 * (ends + 4 * flow.velocity(middle, 0.0))
    assert float(RungeKutta4(dt).advance(flow, begin, 0.5, dt)) == pytest.approx(
        0.5 + float(simpson), rel=1e-6
    )
    assert float(Euler(dt).advance(flow, begin, 0.5, dt)) == pytest.approx(
        0.5 + dt * np.sqrt(4.0 - begin), rel=1e-6
    )


def test_where_the_flow_depends_on_time_the_order_is_four():
    flow, errors = Emptying(4.0), []
    with jax.enable_x64(True):
        for dt in (0.5, 0.25):
            run = tw.simulate(flow, np.zeros(()), duration=2.0, method=RungeKutta4(dt))
            errors.append(float(run.final) - flow.exact(2.0))
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.1)


def test_a_step_of_a_decay_is_its_series_to_the_fourth_order():
    h = 0.4
    series = 1.0 - h + h**2 / 2.0 - h**3 / 6.0 + h**4 / 24.0
    step = RungeKutta4(h).advance(tw.as_flow(lambda x: -x), 0.0, 1.0, h)
    assert float(step) == pytest.approx(series, rel=1e-6)
