"""The verb: a rule and a start give a trajectory."""

from collections.abc import Sequence

import jax

from thalweg.core.declared import declared_labels
from thalweg.core.ensembles import in_lane
from thalweg.core.shapes import Array, Num, Number, State
from thalweg.core.trees import has_tracer
from thalweg.dynamics import Rule
from thalweg.simulation.engines import ENGINES
from thalweg.simulation.failures import failure, raised_inside
from thalweg.simulation.inputs import checked_rule, checked_start
from thalweg.simulation.methods import Method
from thalweg.simulation.requests import Request, checked_until
from thalweg.simulation.settled import Settled
from thalweg.simulation.trajectory import Trajectory, make_trajectory


def simulate(
    rule: Rule,
    start: State,
    *,
    duration: Number | None = None,
    steps: int | None = None,
    until: str | Settled | None = None,
    save: int | str | Sequence[float] | Num[Array, "times"] | None = None,
    dt: Number | None = None,
    rtol: Number | None = None,
    atol: Number | None = None,
    key: jax.Array | None = None,
    throw: bool = True,
    method: Method | None = None,
    t0: Number = 0.0,
) -> Trajectory:
    """Run a rule from a start.

    A flow dx/dt = f(t, x) is followed for a `duration` with adaptive steps (Diffrax's Tsit5), or
    with steps of one length where `dt` or a `method` says so; a map x⁺ = g(t, x) is applied `steps`
    times. A diffusion dx = f dt + g dW is followed by Euler–Maruyama steps of length `dt`, a kernel
    x⁺ ~ K(· | t, x) draws `steps` times; both draw from a `key`. The run computes in the dtype of
    the start, whatever the precision of plain numbers among the rule's parameters.

    Arguments:
        rule: a `Flow`, a `Map`, a `Diffusion` or a `Kernel`.
        start: the state to begin with: an array, a number, a list of numbers, or a pytree of these.
            Integers become floats. One state: for many use `thalweg.ensemble` or `jax.vmap`.
        duration: how long to follow a flow or a diffusion.
        steps: how often to apply a map or to draw from a kernel; or, with steps of one length, how
            many of them to make.
        until: `"settled"`, or `thalweg.simulation.Settled(rtol, atol)`, to stop early when the
            state has come to rest; `duration` or `steps` is then the longest to wait. For rules
            without chance.
        save: which states to keep. A number n: n equally spaced points, both ends included. An
            array of increasing times (with steps of one length: of numbers of steps). `"steps"`:
            every step. `"dense"`: every step, and what `Trajectory.evaluate` needs in between.
            `"end"`: the last state. None: 201 points of an adaptive run, every step of others.
        dt: steps of this length: of a flow by the classical Runge–Kutta method
            (`method=RungeKutta4(dt)`), of a diffusion, which needs it, by that of Euler and
            Maruyama (`method=EulerMaruyama(dt)`).
        rtol: the relative tolerance of adaptive steps; 1e-6 unless given, or 100 times what the
            dtype resolves where that is more (1.2e-5 in float32).
        atol: the absolute tolerance; a thousandth of `rtol` unless given.
        key: the randomness, which diffusions and kernels need; an error for any other rule. The
            same key gives the same run, inside `jit` and `vmap` too. Two runs of one key share
            their random numbers: to continue a run, give another key.
        throw: whether to raise when the run fails. False returns what there is, with `result`
            saying how it ended. Inside somebody's `jit` a failure raises by `equinox.error_if`,
            with less to say; inside a lane of `thalweg.ensemble` never.
        method: how to follow a flow, one of `thalweg.simulation`: `Adaptive()`, `Stiff()`,
            `RungeKutta4(dt)`, `Euler(dt)`; or a diffusion: `EulerMaruyama(dt)`, `Milstein(dt)`.
        t0: the time to begin at (of a map or a kernel, a whole number), which matters to rules that
            depend on it.

    Returns:
        A `Trajectory`.

    A run composes with `jit`, `vmap` and `grad` (`Adaptive(derivatives=…)` says which derivatives);
    inside these the values of the arguments cannot be checked. Where a derivative of an adaptive
    run is taken, the error of a tangent bounds its steps too: a state at rest has none, and steps
    would grow until the derivative does. A new value of a parameter, a duration or a tolerance does
    not compile again.

    Raises:
        InputError: what is asked for makes no sense; the message says what and why.
        DivergenceError: the state left the finite; the message says when, and the last state.
        ConvergenceError: the step budget ran out, or the steps became too small to resolve.

    Example:
        >>> import thalweg as tw
        >>> class Decay(tw.Flow):
        ...     rate: float = 0.5
        ...     def velocity(self, t, state):
        ...         return -self.rate * state
        >>> run = tw.simulate(Decay(), 1.0, duration=2.0)
        >>> round(float(run.final), 4)
        0.3679
    """
    rule = checked_rule(rule, key)
    asked = Request(
        rule, checked_start(rule, start), duration, steps, checked_until(until), save, dt, rtol,
        atol, key, method, t0,
    )  # fmt: skip
    outcome, chosen = ENGINES[rule.rule_kind](asked)
    trajectory = make_trajectory(outcome, rule, declared_labels(rule))
    if not throw or in_lane():
        return trajectory
    if has_tracer(trajectory):
        return raised_inside(trajectory)
    if not trajectory.is_fine:
        raise failure(rule, chosen, trajectory, asked.start)
    return trajectory
