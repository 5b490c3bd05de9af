"""Reference trajectories: Diffrax at rtol 1e-11, or SciPy at 1e-12 around the rule's own velocity.

Compiling a Diffrax solve is what costs time here. Weights padded with zeros stay zero under
gradient flow, so every two-layer network is run in the same shape, by the same program.
"""

from functools import partial
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from thalweg.core.trees import Layout, in_float64

PADDED = (8, 16, 8)


@eqx.filter_jit
def _solve(rule, start, times):
    return diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, y, args: args.velocity(t, y)),
        diffrax.Dopri8(),
        t0=0.0,
        t1=times[-1],
        dt0=None,
        y0=start,
        args=rule,
        saveat=diffrax.SaveAt(ts=times),
        # Steps end on the times asked for: Dopri8's interpolant is less accurate than its steps.
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=1e-11, atol=1e-13), step_ts=times
        ),
        max_steps=100_000,
    ).ys


def by_scipy(rule, start, times, rtol=1e-12):
    """The states of a flow at `times` (which begin at 0), by SciPy's DOP853."""
    layout = Layout.of(start)
    with jax.enable_x64(True):
        rule = in_float64(rule)
        solution = solve_ivp(
            lambda t, y: np.asarray(_velocity(rule, layout, y)),
            (0.0, times[-1]),
            layout.flatten(jax.tree.map(np.asarray, start)),
            t_eval=times,
            method="DOP853",
            rtol=rtol,
            atol=0.1 * rtol,
        )
    assert solution.success
    return layout.unflatten(solution.y.T)


@eqx.filter_jit
def _velocity(rule, layout, y):
    return layout.flatten(rule.velocity(0.0, layout.unflatten(y)))


def run(rule, start, times):
    """The states of a flow at `times` (which begin at 0), by Diffrax, as NumPy float64."""
    with jax.enable_x64(True):
        start = jax.tree.map(lambda a: jnp.asarray(np.asarray(a, dtype=np.float64)), start)
        rule = jax.tree.map(
            lambda a: jnp.asarray(np.asarray(a, np.float64)) if eqx.is_inexact_array_like(a) else a,
            rule,
        )
        return jax.tree.map(np.asarray, _solve(rule, start, jnp.asarray(times)))


class TwoLayers(eqx.Module):
    """τ dW¹/dt = W²ᵀ(Σyx − W²W¹), τ dW²/dt = (Σyx − W²W¹)W¹ᵀ, written out again."""

    yx: Any
    tau: Any = 1.0

    def velocity(self, t, state):
        first, second = state
        gap = (self.yx - second @ first) / self.tau
        return second.T @ gap, gap @ first.T


def two_layers(yx, weights, times, tau=1.0):
    """W¹(t) and W²(t) of a two-layer network with white inputs."""
    (num_out, num_in), hidden = yx.shape, weights[0].shape[0]
    pad = partial(_pad, PADDED) if max(num_out, num_in) <= 8 and hidden <= 16 else lambda *a: a
    padded = pad(yx, weights[0], weights[1])
    first, second = run(TwoLayers(padded[0], tau), padded[1:], times)
    return first[:, :hidden, :num_in], second[:, :num_out, :hidden]


def _pad(shape, yx, first, second):
    num_in, hidden, num_out = shape

    def grown(matrix, rows, columns):
        return np.pad(matrix, [(0, rows - matrix.shape[0]), (0, columns - matrix.shape[1])])

    return grown(yx, num_out, num_in), grown(first, hidden, num_in), grown(second, num_out, hidden)
