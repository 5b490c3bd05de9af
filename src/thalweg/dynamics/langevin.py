"""Langevin's rules: descent shaken by noise of a temperature, with and without inertia."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

from thalweg.core.checks import check_energy, check_made
from thalweg.core.declared import domain_of, names_of
from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, cast_like, has_tracer
from thalweg.dynamics.diffusions import Diffusion
from thalweg.dynamics.kernels import MemoryKernel
from thalweg.geometry import (
    ConstantMetric,
    DiagonalMetric,
    Euclidean,
    Geometry,
    Simplex,
    Sphere,
)


class Langevin(Diffusion):
    r"""Steepest descent shaken by noise: overdamped Langevin dynamics in a metric.

        dx = [−M⁻¹∇E + T ∇·M⁻¹] dt + √(2T) M^{−1/2} dW,    (∇·M⁻¹)ᵢ = Σⱼ ∂ⱼ (M⁻¹)ᵢⱼ

    leaves e^{−E/T} dx invariant, dx the volume of the coordinates, whatever the metric: the
    divergence is what a metric that depends on the state asks for. At T = 0 it is
    `SteepestDescent(energy, geometry)`.

    Arguments:
        energy: any callable `state → scalar`.
        temperature: T ≥ 0, in units of the energy.
        geometry: the metric M; Euclidean unless given. A `MetricField` takes a factorization and
            the derivative of one in each coordinate a step: for small states.

    Steps of length dt, as `simulate` makes them, are off by order dt in the law (`bias_ledger` of
    `thalweg.sampling`).

    Raises:
        InputError: the energy is not callable, the temperature is negative, or the geometry is that
            of a space of which steps in all directions fall off (`Simplex`, `Sphere`).

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> rule = tw.dynamics.Langevin(tw.energies.DoubleWell(), temperature=0.3)
        >>> run = tw.simulate(rule, jnp.zeros(1), duration=5.0, dt=0.01, key=jax.random.key(0))
        >>> run.states.shape
        (501, 1)

    References:
        Girolami & Calderhead (2011), *JRSS B* 73, 123; Xifara et al. (2014), *Statistics &
        Probability Letters* 91, 14, which has the divergence right.
    """

    energy: Callable[..., Any]
    temperature: float = 1.0
    geometry: Geometry = Euclidean()

    def __check_init__(self):
        """Refuse what is no energy, no temperature or no metric in coordinates."""
        check_energy("Langevin: energy", self.energy)
        _check_number("Langevin", "temperature", self.temperature)
        check_made("Langevin: geometry", self.geometry)
        if not isinstance(self.geometry, Geometry):
            raise InputError(
                f"Langevin: geometry must be a Geometry instance, got {self.geometry!r}."
            )
        if isinstance(self.geometry, Simplex | Sphere):
            raise InputError(
                f"Langevin: noise needs a metric in free coordinates, not "
                f"{type(self.geometry).__name__}: use MetricField in a chart of it."
            )

    def drift(self, t: Any, state: Any) -> Any:
        """−M⁻¹∇E + T ∇·M⁻¹."""
        raised = self.geometry.sharp(state, jax.grad(self.energy)(state))
        if isinstance(self.geometry, Euclidean | ConstantMetric):
            return jax.tree.map(jnp.negative, raised)
        temperature = cast_like(self.temperature, state)
        return jax.tree.map(
            lambda v, d: temperature * d - v, raised, _divergence(self.geometry, state)
        )

    def noise(self, t: Any, state: Any) -> Any:
        """√(2T) M^{−1/2}: a number, a strength a coordinate, or a matrix."""
        strength = jnp.sqrt(2.0 * cast_like(self.temperature, state))
        if isinstance(self.geometry, Euclidean):
            return strength
        if isinstance(self.geometry, DiagonalMetric):
            inverse = self.geometry.sharp(state, jax.tree.map(jnp.ones_like, state))
            return jax.tree.map(lambda d: strength * jnp.sqrt(d), inverse)
        return _inverse_root(self.geometry, state, strength)

    domain = domain_of("energy")
    state_names = names_of("energy")


def _divergence(geometry: Geometry, state: Any) -> Any:
    """Σⱼ ∂ⱼ (M⁻¹)ᵢⱼ, structured like the state."""
    layout = Layout.of(state)
    x = jnp.asarray(layout.flatten(state))

    def column(x: jax.Array, unit: jax.Array) -> jax.Array:
        raised = geometry.sharp(layout.unflatten(x), layout.unflatten(unit))
        return layout.flatten(raised)

    def derivative(unit: jax.Array) -> jax.Array:
        return jax.jvp(lambda x: column(x, unit), (x,), (unit,))[1]

    total = jnp.sum(jax.vmap(derivative)(jnp.eye(layout.size, dtype=x.dtype)), axis=0)
    return layout.unflatten(total)


def _inverse_root(geometry: Geometry, state: Any, strength: jax.Array) -> Any:
    """A matrix B with B Bᵀ = strength² M⁻¹, a leaf's rows where the leaf is."""
    layout = Layout.of(state)
    eye = jnp.eye(layout.size, dtype=strength.dtype)

    def column(unit: jax.Array) -> jax.Array:
        return layout.flatten(geometry.flat(state, layout.unflatten(unit)))

    factor = jnp.linalg.cholesky(jax.vmap(column)(eye))
    root = strength * solve_triangular(factor, eye, lower=True, trans="T")
    return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), layout.unflatten(root.T))


class Phase(NamedTuple):
    """A position and a momentum.

    Attributes:
        position: q.
        momentum: p, structured like q.
    """

    position: Any
    momentum: Any


class _PhaseCarry(NamedTuple):
    phase: Phase
    covector: Any


class Underdamped(MemoryKernel):
    r"""Steps of Langevin dynamics with inertia, by BAOAB: half kicks, half drifts, a full shake.

        dq = p dt,    dp = −∇E dt − γ p dt + √(2γT) dW

        B: p − (h/2)∇E    A: q + (h/2) p    O: e^{−γh} p + √(T(1 − e^{−2γh})) ξ    A    B

    The law e^{−(E + |p|²/2)/T} is right to order h²; on a bowl of curvature λ that of q is right
    exactly, whatever the step (h√λ < 2) and the friction, and the variance of p is T(1 − λh²/4).
    Masses are one. A step takes one gradient.

    Arguments:
        energy: any callable `position → scalar`.
        step_size: h > 0.
        temperature: T ≥ 0, in units of the energy.
        friction: γ ≥ 0. At γ = 0 it is the leapfrog, kick–drift–kick.
        splitting: `"BAOAB"`, or `"OBABO"` (half shakes outside), whose positions are off.

    A state is a `Phase(position, momentum)`.

    Raises:
        InputError: the energy is not callable, a number is out of its range, or the splitting is
            none of the two.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> from thalweg.dynamics import Phase, Underdamped
        >>> rule = Underdamped(lambda q: jnp.sum(q**2) / 2, 0.1, temperature=0.5)
        >>> start = Phase(jnp.ones(1), jnp.zeros(1))
        >>> tw.simulate(rule, start, steps=100, key=jax.random.key(0)).states.position.shape
        (101, 1)

    References:
        Leimkuhler & Matthews (2013), *Applied Mathematics Research eXpress* 2013, 34.
    """

    energy: Callable[..., Any]
    step_size: float
    temperature: float = 1.0
    friction: float = 1.0
    splitting: str = eqx.field(static=True, default="BAOAB")

    def __check_init__(self):
        """Refuse what is no energy, no number of its range, or no splitting."""
        check_energy("Underdamped: energy", self.energy)
        _check_number("Underdamped", "temperature", self.temperature)
        _check_number("Underdamped", "friction", self.friction)
        if not has_tracer(self.step_size) and not np.all(np.asarray(self.step_size) > 0):
            raise InputError(f"Underdamped: step_size must be positive, got {self.step_size!r}.")
        if self.splitting not in ("BAOAB", "OBABO"):
            raise InputError(
                f"Underdamped: splitting must be 'BAOAB' or 'OBABO', got {self.splitting!r}."
            )

    def init(self, state: Any) -> _PhaseCarry:
        """The phase, and the gradient at its position."""
        phase = Phase(*state)
        return _PhaseCarry(phase, jax.grad(self.energy)(phase.position))

    def step(self, key: jax.Array, t: Any, carry: _PhaseCarry) -> tuple[_PhaseCarry, None]:
        """The parts of the splitting in turn, each as long as makes h together."""
        (q, p), covector = carry
        h, last_drift = cast_like(self.step_size, q), self.splitting.rindex("A")
        keys = iter(jax.random.split(key, 2))
        for index, part in enumerate(self.splitting):
            share = h / self.splitting.count(part)
            if part == "A":
                q = _along(q, p, share)
            elif part == "B":
                p = _along(p, covector, -share)
            else:
                p = self._shaken(next(keys), p, share)
            if index == last_drift:
                covector = jax.grad(self.energy)(q)
        return _PhaseCarry(Phase(q, p), covector), None

    def _shaken(self, key: jax.Array, p: Any, share: Any) -> Any:
        """e^{−γh} p + √(T(1 − e^{−2γh})) ξ."""
        exponent = -cast_like(self.friction, p) * share
        strength = jnp.sqrt(-cast_like(self.temperature, p) * jnp.expm1(2.0 * exponent))
        leaves, treedef = jax.tree.flatten(p)
        keys = jax.random.split(key, len(leaves))
        shaken = [
            jnp.exp(exponent) * x + strength * jax.random.normal(k, x.shape, x.dtype)
            for k, x in zip(keys, leaves, strict=True)
        ]
        return jax.tree.unflatten(treedef, shaken)

    def state(self, carry: _PhaseCarry) -> Phase:
        """The phase."""
        return carry.phase


def _along(x: Any, direction: Any, share: Any) -> Any:
    return jax.tree.map(lambda x, d: x + share * d, x, direction)


def _check_number(name: str, field: str, value: Any) -> None:
    """Refuse what is no one finite number, at least 0."""
    if has_tracer(value):
        return
    number = np.asarray(value)
    is_one = number.ndim == 0 and number.dtype.kind in "iuf"
    if not is_one or not (number >= 0 and np.isfinite(number)):
        raise InputError(f"{name}: {field} must be at least 0, got {value!r}.")
