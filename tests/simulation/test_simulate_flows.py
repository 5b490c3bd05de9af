"""Flows with adaptive steps against closed solutions, SciPy, and their own laws."""

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulation.rules_to_simulate import Emptying, Linear, Polynomial, rotation

import thalweg as tw
from thalweg.simulation import driving

TIMES = np.linspace(0.0, 5.0, 6)
TIGHT: Any = {"rtol": 1e-10, "atol": 1e-12}


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def test_a_linear_flow_follows_the_matrix_exponential():
    flow = Linear(np.array([[-0.5, 2.0], [-1.0, 0.1]]))
    run = tw.simulate(flow, [1.0, -0.5], duration=5.0, save=TIMES, **TIGHT)
    exact = [scipy.linalg.expm(t * flow.matrix) @ [1.0, -0.5] for t in TIMES]
    np.testing.assert_allclose(run.states, exact, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(run.times, TIMES)
    assert run.result == tw.Result.successful
    np.testing.assert_allclose(run.final, run.states[-1], rtol=1e-14)


def test_equally_spaced_times_are_the_same_as_given_ones():
    given_times = tw.simulate(rotation(), [1.0, 0.0], duration=5.0, save=TIMES)
    spaced = tw.simulate(rotation(), [1.0, 0.0], duration=5.0, save=6)
    np.testing.assert_array_equal(spaced.states, given_times.states)
    np.testing.assert_array_equal(spaced.times, TIMES)


def test_a_tighter_tolerance_is_more_accurate():
    def error(rtol):
        run = tw.simulate(rotation(), [1.0, 0.0], duration=5.0, save=6, rtol=rtol)
        return abs(run.final[0] - np.cos(5.0))

    loose, tight = error(1e-4), error(1e-8)
    assert tight < 1e-7 < loose < 1e-2


@given(st.floats(0.2, 3.0), st.floats(-2.0, 2.0), st.floats(0.1, 2.0))
@settings(max_examples=10)
def test_an_oscillator_conserves_its_energy(frequency, x, v):
    run = tw.simulate(rotation(frequency), [x, v], duration=20.0, save=6, **TIGHT)
    energy = frequency**2 * run.states[:, 0] ** 2 + run.states[:, 1] ** 2
    np.testing.assert_allclose(energy, energy[0], rtol=1e-7)


def test_logistic_growth():
    run = tw.simulate(Polynomial(1.0, -1.0), 0.1, duration=5.0, save=6, **TIGHT)
    np.testing.assert_allclose(run.states, 1 / (1 + 9 * np.exp(-TIMES)), rtol=1e-8)


def test_a_flow_that_depends_on_time():
    flow = Emptying(limit=10.0)
    run = tw.simulate(flow, 0.0, duration=3.0, t0=2.0, save=4, **TIGHT)
    np.testing.assert_array_equal(run.times, [2.0, 3.0, 4.0, 5.0])
    np.testing.assert_allclose(run.states, flow.exact(run.times) - flow.exact(2.0), rtol=1e-8)


def test_scipy_gets_the_same_from_fitzhugh_nagumo():
    from thalweg.models import FitzHughNagumo

    flow, times = FitzHughNagumo(), np.array([1.0, 13.0, 30.0])
    run = tw.simulate(flow, [0.1, 0.2], duration=30.0, save=times, **TIGHT)
    v_w = jax.jit(lambda t, x: flow.velocity(t, x))
    peer = scipy.integrate.solve_ivp(
        lambda t, x: np.asarray(v_w(t, x)),
        (0.0, 30.0),
        [0.1, 0.2],
        method="DOP853",
        t_eval=times,
        rtol=1e-11,
        atol=1e-12,
    )
    np.testing.assert_allclose(run.states, peer.y.T, atol=1e-7)


def test_a_pytree_of_states():
    def velocity(state):
        return {"q": state["p"], "p": -state["q"]}

    start = {"q": np.array([1.0, 0.0]), "p": np.array([0.0, 2.0])}
    run = tw.simulate(tw.as_flow(velocity), start, duration=5.0, save="end", **TIGHT)
    assert run.states["q"].shape == (1, 2)
    np.testing.assert_allclose(run.final["q"], [np.cos(5.0), 2 * np.sin(5.0)], atol=1e-8)


def test_float32_stays_float32_whatever_the_parameters():
    run = tw.simulate(Polynomial(-0.5), np.float32(2.0), duration=1.0, save=6)
    assert run.states.dtype == run.times.dtype == run.final.dtype == np.float32
    np.testing.assert_allclose(run.final, 2 * np.exp(-0.5), rtol=1e-4)


def test_numbers_become_floats_of_the_default_precision():
    run = tw.simulate(Polynomial(-0.5), 2, duration=1, save=6)
    assert run.states.dtype == np.float64
    with jax.enable_x64(False):
        assert tw.simulate(Polynomial(-0.5), 2.0, duration=1, save=6).states.dtype == np.float32


def test_a_stiff_flow_takes_few_implicit_steps():
    flow = Linear(np.diag([-1.0, -1e5]))
    run = tw.simulate(flow, [1.0, 1.0], duration=5.0, save="end", method=tw.Stiff())
    np.testing.assert_allclose(run.final, [np.exp(-5.0), 0.0], atol=1e-6)
    # An explicit method is held to steps of about 3.3e-5 by stability.
    assert run.steps + run.rejected < 200
    assert run.evaluations is None


# --- one program for all values -------------------------------------------------------------


def test_new_values_do_not_compile_again(count_compiles):
    def run(rate, start, duration, rtol, t0):
        return tw.simulate(Polynomial(rate), start, duration=duration, rtol=rtol, t0=t0, save=6)

    run(-0.5, 2.0, 1.0, 1e-6, 0.0)
    with count_compiles() as compiled:
        second = run(-0.7, 1.0, 3.0, 1e-9, 1.0)
    assert compiled.count == 0
    np.testing.assert_allclose(second.final, np.exp(-2.1), rtol=1e-7)


def test_a_run_goes_on_exactly_where_it_paused(monkeypatch):
    whole = tw.simulate(rotation(), [1.0, 0.0], duration=50.0, save=6)
    monkeypatch.setattr(driving, "first_budget", lambda state: 7)
    monkeypatch.setattr(driving, "SEGMENT_SECONDS", 0.0)
    pieces = tw.simulate(rotation(), [1.0, 0.0], duration=50.0, save=6)
    assert whole.steps > 3 * 7
    np.testing.assert_array_equal(pieces.states, whole.states)
    assert pieces.statistics == whole.statistics


# --- inside a trace -------------------------------------------------------------------------


def final_of(rate, start):
    return tw.simulate(Polynomial(rate), start, duration=2.0, save="end", **TIGHT).final


@pytest.mark.long
def test_gradients_equal_the_closed_form_under_jit_and_vmap():
    rates, starts = np.array([-0.5, 0.25]), np.array([1.5, 3.0])
    both = jax.jit(jax.vmap(jax.value_and_grad(final_of, argnums=(0, 1))))
    value, (by_rate, by_start) = both(rates, starts)
    grown = np.exp(2.0 * rates)
    np.testing.assert_allclose(value, starts * grown, rtol=1e-8)
    np.testing.assert_allclose(by_rate, 2.0 * starts * grown, rtol=1e-6)
    np.testing.assert_allclose(by_start, grown, rtol=1e-6)


def test_a_traced_run_equals_the_one_on_the_host():
    def run(start):
        return tw.simulate(rotation(), start, duration=5.0, save=6)

    host, traced = run([1.0, 0.0]), jax.jit(run)(jnp.array([1.0, 0.0]))
    np.testing.assert_allclose(traced.states, host.states, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(traced.times, host.times)
    for name in ("steps", "rejected", "evaluations"):
        assert int(traced.statistics[name]) == host.statistics[name]
    assert bool(traced.result == tw.Result.successful)


@pytest.mark.long
def test_forward_derivatives_on_request():
    method = tw.simulation.Adaptive(derivatives="forward")

    def end(start):
        run = tw.simulate(rotation(2.0), start, duration=1.0, save="end", method=method, **TIGHT)
        return run.final

    jacobian = jax.jit(jax.jacfwd(end))(jnp.array([1.0, 0.0]))
    np.testing.assert_allclose(jacobian, scipy.linalg.expm(rotation(2.0).matrix), atol=1e-7)


@pytest.mark.long
def test_what_a_flow_closes_over_may_be_traced():
    def end(rate):
        flow = tw.as_flow(lambda x: rate * x)
        return tw.simulate(flow, 1.0, duration=2.0, save="end", **TIGHT).final

    np.testing.assert_allclose(jax.jit(jax.grad(end))(-0.5), 2.0 * np.exp(-1.0), rtol=1e-7)


# --- failures -------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0.25, 1.0, 40.0])
def test_a_blow_up_is_reported_at_its_time(start):
    flow = Polynomial(square=1.0)
    with pytest.raises(tw.DivergenceError, match="left the finite at t = ") as caught:
        tw.simulate(flow, start, duration=100.0, save=6, rtol=1e-12, atol=1e-14)
    time = float(re.search(r"t = ([0-9.e+-]+),", str(caught.value)).group(1))  # type: ignore[union-attr]
    assert time == pytest.approx(1 / start, rel=1e-8)


def test_a_blow_up_without_raising():
    run = tw.simulate(Polynomial(square=1.0), 1.0, duration=2.0, save=6, throw=False)
    assert run.result == tw.Result.diverged
    assert run.last_time == pytest.approx(1.0, abs=1e-4)
    assert np.isfinite(run.last_state)
    assert run.last_state > 1e8
    assert np.isnan(run.final)
    # the points that were reached, and no others
    np.testing.assert_allclose(run.times, [0.0, 0.4, 0.8])
    np.testing.assert_allclose(run.states, 1 / (1 - run.times), rtol=1e-4)


def test_a_growing_state_that_overflows_has_diverged():
    flow = Linear(np.eye(2))
    run = tw.simulate(flow, [1.0, 1.0], duration=1e4, save=6, throw=False, **TIGHT)
    assert run.result == tw.Result.diverged
    assert run.last_time == pytest.approx(np.log(np.finfo(float).max), rel=1e-6)


def test_a_velocity_that_becomes_nan_is_reported_where_it_does():
    with pytest.raises(tw.DivergenceError, match=r"not finite \(nan\) just after t = 1, where"):
        tw.simulate(Emptying(1.0), 0.0, duration=3.0, save=4)
    with pytest.raises(tw.DivergenceError, match=r"not finite \(nan\) at t = 2, where .* x = 7"):
        tw.simulate(Emptying(1.0), 7.0, duration=3.0, t0=2.0, save=4)


@pytest.mark.long
def test_a_failed_lane_leaves_the_others_alone():
    @jax.jit
    def run(starts):
        lane = lambda x: tw.simulate(  # noqa: E731
            Polynomial(square=1.0), x, duration=2.4, save=5, throw=False
        )
        return jax.vmap(lane)(starts)

    runs = run(jnp.array([-1.0, 1.0]))
    assert (runs.result == tw.Result.diverged).tolist() == [False, True]
    np.testing.assert_allclose(runs.states[0], -1 / (1 + runs.times[0]), rtol=1e-5)
    assert np.isnan(runs.final).tolist() == [False, True]
    assert np.isnan(runs.times).tolist() == [[False] * 5, [False, False, True, True, True]]
    # in a lane of an ensemble nothing raises, asked or not
    ends = tw.ensemble(
        lambda x: tw.simulate(Polynomial(square=1.0), x, duration=2.4, save=5).final,
        np.array([-1.0, 1.0]),
    )
    assert np.isnan(ends).tolist() == [False, True]


def test_a_failure_inside_jit_raises():
    @jax.jit
    def run(start):
        return tw.simulate(Polynomial(square=1.0), start, duration=2.0, save="end").final

    with pytest.raises(Exception, match="failed inside jit"):
        jax.block_until_ready(run(1.0))


def test_the_step_budget():
    with pytest.raises(tw.ConvergenceError, match=r"used up its 12 steps at t = .*max_steps"):
        tw.simulate(
            rotation(),
            [1.0, 0.0],
            duration=50.0,
            save=6,
            method=tw.simulation.Adaptive(max_steps=12),
        )


@pytest.mark.long
@pytest.mark.parametrize(
    ("method", "is_wide", "advice", "followed"),
    [
        (tw.simulation.Adaptive, True, ["method=Stiff()", "--method stiff"], "float64"),
        (tw.simulation.Adaptive, False, ["method=Stiff()", "enable_x64(True)"], "max_steps=12"),
        (tw.Stiff, True, ["Stiff(max_steps=…)", "rtol"], "method=Stiff()"),
        (tw.Stiff, False, ["Stiff(max_steps=…)", "Float32", "enable_x64(True)"], "Adaptive"),
    ],
)
def test_advice_is_what_was_not_done_already(method, is_wide, advice, followed):
    dtype = np.float64 if is_wide else np.float32
    flow = Linear(rotation(frequency=30.0, damping=450.0).matrix.astype(dtype))
    with pytest.raises(tw.ConvergenceError) as caught:
        tw.simulate(
            flow, np.array([1.0, 0.0], dtype), duration=1e5, save="end", method=method(max_steps=12)
        )
    for words in advice:
        assert words in str(caught.value)
    assert followed not in str(caught.value)


def test_a_step_too_small_is_not_a_blow_up():
    with pytest.raises(tw.ConvergenceError, match=r"cannot go on from t = 0\.50000000"):
        # x = √(1 − 2t) ends at 0 with an infinite slope
        tw.simulate(tw.as_flow(lambda x: -1.0 / x), 1.0, duration=1.0, save="end", **TIGHT)
