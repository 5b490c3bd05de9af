"""The axioms of *Continuum of Hopfield* as computed verdicts."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.descent.homogeneity import EXACT, homogeneity_degree
from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.core.plain import number
from thalweg.core.randomness import host_generator
from thalweg.core.reports import Table, TableReport, about_in
from thalweg.dynamics import Flow
from thalweg.geometry import Euclidean, Geometry, MetricField

Builder = Callable[[Callable[[Any], Any], Geometry], Flow]
# Beyond these distances the energy is changed: a flow that looks farther is not local.
_DISTANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
_SMALL = 1e-8  # relative: above rounding of a sum of hundreds of terms, below any real coupling
# In no simple ratio, or a factor periodic in E would go unseen.
_CONSTANTS = (3.7, -np.sqrt(5.0), 10.0 * np.pi)


@dataclass(frozen=True)
class AxiomVerdict:
    """One axiom: whether it holds, by how much it is missed, and what was compared."""

    name: str
    holds: bool
    residual: float
    note: str


@dataclass(frozen=True, eq=False, repr=False)
class AxiomCheck(TableReport):
    """The verdicts on a way to make flows of energies.

    Attributes:
        verdicts: one for each of axioms 3 to 6.
        degree: the degree of homogeneity of the flow of an energy of degree 1.
        about: the name of that way.
    """

    verdicts: tuple[AxiomVerdict, ...]
    degree: float
    about: About = UNSAID

    @property
    def holds(self) -> bool:
        """True if all axioms hold."""
        return all(verdict.holds for verdict in self.verdicts)

    def __getitem__(self, name: str) -> AxiomVerdict:
        """The verdict on `"locality"`, `"shift"`, `"covariance"` or `"scaling"`."""
        return next(verdict for verdict in self.verdicts if verdict.name == name)

    @property
    def title(self) -> str:
        """A line: the number of axioms that hold."""
        count = sum(verdict.holds for verdict in self.verdicts)
        return f"Axioms of {self.about.system or 'a flow'}: {count} of {len(self.verdicts)} hold"

    def table(self) -> Table:
        """One axiom a row."""
        rows = [
            [v.name, "yes" if v.holds else "no", f"{v.residual:.1e}", v.note] for v in self.verdicts
        ]
        return ["axiom", "holds", "residual", "compared"], rows

    def remarks(self) -> list[str]:
        """Nothing: the table says it all."""
        return []

    def data(self) -> dict[str, Any]:
        """`verdicts`, each a mapping, and `degree`."""
        return {"verdicts": [asdict(v) for v in self.verdicts], "degree": self.degree}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "AxiomCheck":
        """The check that `to_dict` wrote."""
        verdicts = tuple(
            AxiomVerdict(v["name"], v["holds"], number(v["residual"]), v["note"])
            for v in data["verdicts"]
        )
        return cls(verdicts, number(data["degree"]), about_in(data, about))


def check_axioms(
    builder: Builder, *, size: int = 3, samples: int = 8, key: jax.Array | None = None
) -> AxiomCheck:
    """Check of axioms 3 to 6, on a way to make flows of energies.

    Arguments:
        builder: `(energy, geometry) → Flow`, such as `SteepestDescent` itself.
        size: the dimension in which it is tried.
        samples: at how many random states, and for how many random changes of coordinates.
        key: the randomness; None means `jax.random.key(0)`.

    Returns:
        Verdicts on

        - *locality*: the flow at x is the same when E is changed away from x;
        - *shift*: the same for E + C;
        - *covariance*: under a random change of coordinates x = χ(y), with the metric JᵀJ, the flow
          in y is that in x: J y' = x';
        - *scaling*: of an energy of degree 1 the flow is of degree 0, so its speed stays within
          bounds however far away the state is; the degree that was measured is `degree`.

    Raises:
        InputError: the flow of a smooth energy is not finite, or does not move.

    Example:
        >>> import thalweg as tw
        >>> from thalweg.analysis.descent.axioms import check_axioms
        >>> check_axioms(tw.SteepestDescent).holds
        True
    """
    check_count("check_axioms: size", size)
    check_count("check_axioms: samples", samples)
    rng = host_generator(key)
    points = rng.standard_normal((samples, size))
    with jax.enable_x64(True):
        wave = _Wave(*(rng.standard_normal(shape) for shape in ((5, size), 5, 5)))
        plain = np.asarray(_velocities(builder, wave, Euclidean(), points))
        _refuse_what_says_nothing(plain)
        verdicts = [
            _locality(builder, wave, points, plain),
            _shift(builder, wave, points, plain),
            _covariance(builder, wave, rng, samples, size),
        ]
        cone = _Cone(rng.uniform(0.5, 2.0, size))
        degree = homogeneity_degree(lambda x: builder(cone, Euclidean()).velocity(0.0, x), size)
    note = f"degree {degree.degree:+.4g} of the flow of an energy of degree 1; wanted 0"
    off = abs(degree.degree) + (degree.residual if not degree.holds else 0.0)
    verdicts.append(AxiomVerdict("scaling", off < EXACT, off, note))
    name = getattr(builder, "__qualname__", type(builder).__name__)
    return AxiomCheck(tuple(verdicts), degree.degree, About(name))


def _refuse_what_says_nothing(velocities: np.ndarray) -> None:
    if not np.all(np.isfinite(velocities)):
        raise InputError(
            "check_axioms: builder: the flow of a smooth energy is not finite at some states."
        )
    if not np.any(velocities):
        raise InputError(
            "check_axioms: builder: the flow of an energy does not move, which says nothing."
        )


class _Wave(eqx.Module):
    """A smooth energy with nothing special about it: Σ_k a_k sin(w_k·x + b_k) + ½|x|²."""

    directions: Any
    amplitudes: Any
    phases: Any

    def __call__(self, x: jax.Array) -> jax.Array:
        waves = self.amplitudes * jnp.sin(self.directions @ x + self.phases)
        return jnp.sum(waves) + 0.5 * jnp.sum(x * x)


class _Cone(eqx.Module):
    """A smooth energy of degree 1: (Σ c_i x_i⁴)^¼."""

    weights: Any

    def __call__(self, x: jax.Array) -> jax.Array:
        return jnp.sum(self.weights * x**4) ** 0.25


class _Changed(eqx.Module):
    """An energy with something added beyond a distance from a point, smoothly from zero on.

    It is even or odd about no point: else a flow that takes the mean of both sides misses it.
    """

    energy: Callable[[Any], Any]
    centre: Any
    distance: Any

    def __call__(self, x: jax.Array) -> jax.Array:
        away = (x - self.centre) / self.distance
        excess = jnp.sum(away**2) - 1.0
        is_near = excess <= 0.0
        added = jnp.where(is_near, 0.0, jnp.exp(-1.0 / jnp.where(is_near, 1.0, excess)))
        turns = jnp.sqrt(2.0 + jnp.arange(away.size))
        return self.energy(x) + 10.0 * added * (1.5 + jnp.mean(jnp.sin(turns * away + turns)))


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
    def changed(point: np.ndarray, distance: float) -> np.ndarray:
        other = _Changed(energy, point, np.float64(distance))
        return np.asarray(_velocities(builder, other, Euclidean(), point[None]))[0]

    residual = max(
        _gap(np.stack([changed(point, distance) for point in points]), plain)
        for distance in _DISTANCES
    )
    note = f"E and E changed beyond {_DISTANCES[-1]:g} to {_DISTANCES[0]:g} of x"
    return AxiomVerdict("locality", residual < _SMALL, residual, note)


def _shift(builder: Builder, energy: Any, points: Any, plain: np.ndarray) -> AxiomVerdict:
    def shifted(constant: float) -> np.ndarray:
        other = _Shifted(energy, np.float64(constant))
        return np.asarray(_velocities(builder, other, Euclidean(), points))

    residual = max(_gap(shifted(constant), plain) for constant in _CONSTANTS)
    note = f"E and E + C, C = {', '.join(f'{constant:.3g}' for constant in _CONSTANTS)}"
    return AxiomVerdict("shift", residual < _SMALL, residual, note)


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


def _gap(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(found - expected)) / max(np.max(np.abs(expected)), 1e-300))
