"""The axioms of *Continuum of Hopfield* as computed verdicts, and degrees of homogeneity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.trees import in_float64
from thalweg.dynamics import Flow
from thalweg.geometry import Euclidean, Geometry, MetricField

Builder = Callable[[Callable[[Any], Any], Geometry], Flow]
_SCALES = np.geomspace(1e-2, 1e2, 9)
_SMALL = 1e-8


@dataclass(frozen=True)
class Homogeneity:
    """How a function scales: |fn(λx)| ~ λ^degree.

    Attributes:
        degree: the slope of log|fn(λx)| over log λ, from λ = 10⁻² to 10².
        residual: the largest departure of the logarithm from that slope.
        holds: whether it is a power of λ, up to rounding.
    """

    degree: float
    residual: float
    holds: bool


@dataclass(frozen=True)
class AxiomVerdict:
    """One axiom: whether it holds, by how much it is missed, and what was compared."""

    name: str
    holds: bool
    residual: float
    note: str


@dataclass(frozen=True)
class AxiomCheck:
    """The verdicts on a way to make flows of energies.

    Attributes:
        verdicts: one for each of axioms 3 to 6.
        degree: the degree of homogeneity of the flow of an energy of degree 1.
    """

    verdicts: tuple[AxiomVerdict, ...]
    degree: float

    @property
    def holds(self) -> bool:
        """Whether all axioms hold."""
        return all(verdict.holds for verdict in self.verdicts)

    def __getitem__(self, name: str) -> AxiomVerdict:
        """The verdict on `"locality"`, `"shift"`, `"covariance"` or `"scaling"`."""
        return next(verdict for verdict in self.verdicts if verdict.name == name)

    def __str__(self) -> str:
        """A table."""
        lines = ["axiom       holds  residual  compared"]
        for v in self.verdicts:
            lines.append(
                f"{v.name:10}  {'yes' if v.holds else 'no':5}  {v.residual:8.1e}  {v.note}"
            )
        return "\n".join(lines)


def homogeneity_degree(
    fn: Callable[[Any], Any], size: int, *, samples: int = 16, key: jax.Array | None = None
) -> Homogeneity:
    """Measure how a function of vectors scales, for λ > 0, in float64.

    A network of rectified units without biases has degree 1 (theorem 9); degrees multiply under
    composition and add under products.

    Arguments:
        fn: `(size,)` to an array or number; a network, an energy, a velocity.
        size: the length of its argument.
        samples: how many random directions.
        key: their randomness; None means `jax.random.key(0)`.

    Raises:
        InputError: the function vanishes, or is not finite, at all samples.

    Example:
        >>> import jax.numpy as jnp
        >>> from thalweg.analysis.descent.axioms import homogeneity_degree
        >>> round(homogeneity_degree(lambda x: jnp.sum(x**4), 3).degree, 6)
        4.0
    """
    points = host_generator(key).standard_normal((samples, size))
    with jax.enable_x64(True):
        norms = np.asarray(_scaled_norms(in_float64(fn), points, _SCALES))
    logs = np.log(norms[np.all((norms > 0.0) & np.isfinite(norms), axis=1)])
    if not len(logs):
        raise InputError("homogeneity_degree: fn vanishes or is not finite at all samples.")
    ratios = logs - logs[:, [len(_SCALES) // 2]]
    steps = np.log(_SCALES)
    degree = float(np.median(ratios @ steps) / (steps @ steps))
    residual = float(np.max(np.abs(ratios - degree * steps)))
    return Homogeneity(degree, residual, residual < 1e-6)


def check_axioms(
    builder: Builder, *, size: int = 3, samples: int = 8, key: jax.Array | None = None
) -> AxiomCheck:
    """Does a way to make flows of energies obey axioms 3 to 6?

    Arguments:
        builder: `(energy, geometry) → Flow`, such as `SteepestDescent` itself.
        size: the dimension in which it is tried.
        samples: at how many random states, and for how many random changes of coordinates.
        key: the randomness; None means `jax.random.key(0)`.

    Returns:
        Verdicts on
        *locality* (the flow at x is the same when E is changed away from x),
        *shift* (the same for E + C),
        *covariance* (under a random change of coordinates x = χ(y), with the metric JᵀJ, the flow
        in y is that in x: J y' = x'), and
        *scaling* (of an energy of degree 1 the flow is of degree 0, so its speed stays within
        bounds however far away the state is; the degree that was measured is `degree`).

    Example:
        >>> import thalweg as tw
        >>> from thalweg.analysis.descent.axioms import check_axioms
        >>> check_axioms(tw.SteepestDescent).holds
        True
    """
    rng = host_generator(key)
    points = rng.standard_normal((samples, size))
    with jax.enable_x64(True):
        wave = _Wave(*(rng.standard_normal(shape) for shape in ((5, size), 5, 5)))
        plain = np.asarray(_velocities(builder, wave, Euclidean(), points))
        verdicts = [
            _locality(builder, wave, points, plain),
            _shift(builder, wave, points, plain),
            _covariance(builder, wave, rng, samples, size),
        ]
        cone = _Cone(rng.uniform(0.5, 2.0, size))
        degree = homogeneity_degree(lambda x: builder(cone, Euclidean()).velocity(0.0, x), size)
    note = f"degree {degree.degree:+.4g} of the flow of an energy of degree 1; wanted 0"
    off = abs(degree.degree) + (degree.residual if not degree.holds else 0.0)
    verdicts.append(AxiomVerdict("scaling", off < 1e-6, off, note))
    return AxiomCheck(tuple(verdicts), degree.degree)


class _Wave(eqx.Module):
    """A smooth energy with nothing special about it: Σ_k a_k sin(w_k·x + b_k) + ½|x|²."""

    ways: Any
    amplitudes: Any
    phases: Any

    def __call__(self, x: jax.Array) -> jax.Array:
        waves = self.amplitudes * jnp.sin(self.ways @ x + self.phases)
        return jnp.sum(waves) + 0.5 * jnp.sum(x * x)


class _Cone(eqx.Module):
    """A smooth energy of degree 1: (Σ c_i x_i⁴)^¼."""

    weights: Any

    def __call__(self, x: jax.Array) -> jax.Array:
        return jnp.sum(self.weights * x**4) ** 0.25


class _Changed(eqx.Module):
    """An energy with something added beyond a distance from a point, smoothly from zero on."""

    energy: Callable[[Any], Any]
    centre: Any

    def __call__(self, x: jax.Array) -> jax.Array:
        beyond = jnp.sum((x - self.centre) ** 2) - 0.01
        is_near = beyond <= 0.0
        added = jnp.where(is_near, 0.0, jnp.exp(-1.0 / jnp.where(is_near, 1.0, beyond)))
        return self.energy(x) + 10.0 * added


class _Coordinates(eqx.Module):
    """A change of coordinates x = χ(y) = A y + ¼ sin(B y), and what it pulls back."""

    matrix: Any
    waves: Any

    def __call__(self, y: jax.Array) -> jax.Array:
        return self.matrix @ y + 0.25 * jnp.sin(self.waves @ y)


class _Pulled(eqx.Module):
    """E∘χ."""

    energy: Callable[[Any], Any]
    change: _Coordinates

    def __call__(self, y: jax.Array) -> jax.Array:
        return self.energy(self.change(y))


class _PulledMetric(eqx.Module):
    """JᵀJ, the Euclidean metric in new coordinates."""

    change: _Coordinates

    def __call__(self, y: jax.Array) -> jax.Array:
        jacobian = jax.jacfwd(self.change)(y)
        return jacobian.T @ jacobian


def _locality(builder: Builder, energy: Any, points: Any, plain: np.ndarray) -> AxiomVerdict:
    found = [
        np.asarray(_velocities(builder, _Changed(energy, point), Euclidean(), point[None]))[0]
        for point in points
    ]
    residual = _gap(np.stack(found), plain)
    return AxiomVerdict("locality", residual < _SMALL, residual, "E and E changed beyond 0.1 of x")


def _shift(builder: Builder, energy: Any, points: Any, plain: np.ndarray) -> AxiomVerdict:
    shifted = _Shifted(energy, np.float64(3.7))
    residual = _gap(np.asarray(_velocities(builder, shifted, Euclidean(), points)), plain)
    return AxiomVerdict("shift", residual < _SMALL, residual, "E and E + 3.7")


class _Shifted(eqx.Module):
    """E + C."""

    energy: Callable[[Any], Any]
    constant: Any

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.energy(x) + self.constant


def _covariance(
    builder: Builder, energy: Any, rng: np.random.Generator, samples: int, size: int
) -> AxiomVerdict:
    gaps = []
    for _ in range(samples):
        matrix = np.linalg.qr(rng.standard_normal((size, size)))[0] * rng.uniform(0.8, 2.0, size)
        waves = rng.standard_normal((size, size)) / size
        change, y = _Coordinates(matrix, waves), rng.standard_normal(size)
        pulled = MetricField(_PulledMetric(change))
        moved = np.asarray(_velocities(builder, _Pulled(energy, change), pulled, y[None]))[0]
        x, jacobian = (np.asarray(a) for a in _at(change, y))
        there = np.asarray(_velocities(builder, energy, Euclidean(), x[None]))[0]
        gaps.append(_gap(jacobian @ moved, there))
    note = "x' and J y' in random coordinates"
    return AxiomVerdict("covariance", max(gaps) < _SMALL, max(gaps), note)


@eqx.filter_jit
def _velocities(builder: Builder, energy: Any, geometry: Geometry, points: Any) -> jax.Array:
    return jax.vmap(lambda x: builder(energy, geometry).velocity(0.0, x))(points)


@eqx.filter_jit
def _at(change: _Coordinates, y: Any) -> tuple[jax.Array, jax.Array]:
    return change(y), jax.jacfwd(change)(y)


@eqx.filter_jit
def _scaled_norms(fn: Any, points: Any, scales: Any) -> jax.Array:
    def norm(x: jax.Array, scale: jax.Array) -> jax.Array:
        return jnp.linalg.norm(jnp.ravel(jnp.asarray(fn(scale * x))))

    return jax.vmap(jax.vmap(norm, (None, 0)), (0, None))(points, scales)


def _gap(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(found - expected)) / max(np.max(np.abs(expected)), 1e-300))
