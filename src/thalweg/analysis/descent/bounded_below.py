"""Check that an energy is bounded below: else almost every start of its descent may diverge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.core.plain import array, number
from thalweg.core.randomness import host_generator
from thalweg.core.reports import TableReport, about_in
from thalweg.core.shapes import Array, Num
from thalweg.core.tracing import DRAWN, refuse_frozen_chance
from thalweg.core.trees import in_float64
from thalweg.energies.valleys import follow_valley

# Distances from 0 along rays, a decade apart: a fall by a power grows from each to the next.
_RADII = 10.0 ** np.arange(1, 7)
# The lowest directions that a search of valleys goes on from: valleys of one function are few.
_NUM_VALLEYS = 3
# A fall goes on without end if over the last decades it shrinks by no more than this share of the
# one before: that of a bound approached as 1/r shrinks to a tenth, that of log r not at all.
_SHRINKS = 0.8


@dataclass(frozen=True, eq=False, repr=False)
class BoundedBelow(TableReport):
    """Evidence on an energy's lower bound.

    Attributes:
        holds: False where a way was found along which E falls without end; None where none was,
            which is no proof.
        witness: the direction in which that way ends, `(size,)`, or None.
        growth: how fast |E| grows along it: the power of the distance, 0 for a logarithm; NaN if
            none.
        rays: how many rays were followed.
        path: states along the way, ever farther, `(k, size)`, or None.
        is_straight: whether the way is a ray; else it is the floor of a curved valley.
        about: the name of the energy.
    """

    holds: bool | None
    witness: np.ndarray | None
    growth: float
    rays: int
    path: np.ndarray | None = None
    is_straight: bool = True
    about: About = UNSAID

    @property
    def title(self) -> str:
        """A line: the energy is bounded below, as far as was looked, or is not."""
        found = "not bounded below" if self.holds is False else "no way down without end was found"
        return f"Lower bound of {self.about.system or 'an energy'}: {found}"

    def table(self) -> None:
        """Nothing: the remarks say it all."""

    def remarks(self) -> list[str]:
        """One sentence."""
        if self.holds is None:
            return [
                f"No ray of {self.rays} and no valley from them leads down without end (which is "
                f"no proof of a bound)."
            ]
        how = "as the logarithm of the distance"
        if not abs(self.growth) < 0.05:
            how = f"as the distance to the power {self.growth:.3g}"
        way = "a ray" if self.is_straight else "a curved valley"
        return [
            f"Not bounded below: E falls without end along {way}, {how}; its descent diverges from "
            f"almost every start."
        ]

    def data(self) -> dict[str, Any]:
        """The fields; `holds` is false or null."""
        return {
            "holds": self.holds,
            "witness": None if self.witness is None else self.witness.tolist(),
            "growth": self.growth,
            "rays": self.rays,
            "path": None if self.path is None else self.path.tolist(),
            "is_straight": self.is_straight,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "BoundedBelow":
        """The answer that `to_dict` wrote."""
        witness, path = (
            None if data[name] is None else array(data[name]) for name in ("witness", "path")
        )
        return cls(
            data["holds"], witness, number(data["growth"]), data["rays"], path,
            data["is_straight"], about_in(data, about),
        )  # fmt: skip


def check_bounded_below(
    energy: Callable[[Any], Any],
    size: int,
    *,
    rays: int = 64,
    conserved: Num[Array, "m d"] | Num[Array, "d"] | Sequence[Any] | None = None,
    key: jax.Array | None = None,
) -> BoundedBelow:
    """Look for a way down without end, before running a descent of an energy on R^n.

    Random rays are turned downhill (by gradient steps on the sphere), then followed to 10⁶. Then
    the lowest point of a sphere is followed from sphere to sphere: curved valleys.

    Arguments:
        energy: `(size,) → scalar`.
        size: the dimension.
        rays: how many.
        conserved: vectors c of which a descent keeps c·x, `(m, size)`: nothing falls along them.
        key: the randomness; None means `jax.random.key(0)`.

    Raises:
        InputError: the energy is not finite around the origin.

    Example:
        >>> import jax.numpy as jnp
        >>> from thalweg.analysis.descent.bounded_below import check_bounded_below
        >>> check_bounded_below(lambda x: -x[0] * x[1], 2).holds
        False
    """
    check_count("check_bounded_below: size", size)
    check_count("check_bounded_below: rays", rays)
    basis = _free_directions(conserved, size)
    rng = host_generator(key)
    directions = rng.standard_normal((rays, basis.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    about = About(getattr(energy, "__qualname__", type(energy).__name__))
    with jax.enable_x64(True):
        refuse_frozen_chance("check_bounded_below: energy", DRAWN, energy, energy, np.zeros(size))
        free = _Free(in_float64(energy), basis)
        turned, values = (np.asarray(a) for a in _followed(free, directions, _RADII))
        if not np.any(np.isfinite(values[:, 0])):
            raise InputError("check_bounded_below: the energy is not finite at a distance of 10.")
        falls = _are_falling(values)
        if falls.any():
            index = int(np.argmin(np.where(falls, values[:, -1], np.inf)))
            path, values, is_straight = _RADII[:, None] * turned[index], values[index], True
        else:
            lowest = np.argsort(np.nan_to_num(values[:, 0], nan=np.inf))[:_NUM_VALLEYS]
            path, values = follow_valley(free, turned[lowest])
            is_straight = False
    if not _are_falling(values[None])[0]:
        return BoundedBelow(None, None, float("nan"), rays, about=about)
    path = path @ basis.T
    witness = path[-1] / np.linalg.norm(path[-1])
    return BoundedBelow(False, witness, _growth(path, values), rays, path, is_straight, about)


class _Free(eqx.Module):
    """An energy in the directions in which a descent may move."""

    energy: Callable[[Any], Any]
    basis: Any

    def __call__(self, u: jax.Array) -> jax.Array:
        return self.energy(self.basis @ u)


def _free_directions(conserved: Any, size: int) -> np.ndarray:
    """Orthonormal directions across the conserved ones, as columns `(size, n)`."""
    if conserved is None:
        return np.eye(size)
    given = np.atleast_2d(np.asarray(conserved, dtype=np.float64))
    if given.shape[1] != size or not np.all(np.isfinite(given)):
        raise InputError(
            f"check_bounded_below: conserved must be finite vectors of {size} numbers, got an "
            f"array of shape {np.shape(conserved)}."
        )
    basis = np.linalg.svd(given)[2][np.linalg.matrix_rank(given) :].T
    if not basis.shape[1]:
        raise InputError("check_bounded_below: the conserved directions leave none to fall along.")
    return basis


def _are_falling(values: np.ndarray) -> np.ndarray:
    """Truths `(n,)`: the rows, energies at growing distances, that seem to fall without end."""
    with np.errstate(invalid="ignore"):
        drops = -np.diff(values[:, -4:], axis=1)
        rounding = 1e-9 * np.max(np.abs(np.where(np.isfinite(values), values, 0.0)), axis=1)
        goes_on = (drops[:, 1:] >= _SHRINKS * drops[:, :-1]) & (drops[:, 1:] > rounding[:, None])
    fell_off = (values[:, -1] == -np.inf) & (values[:, -2] < values[:, -3])
    return fell_off | (np.all(goes_on, axis=1) & (drops[:, 0] > 0.0) & (values[:, -1] < 0.0))


def _growth(path: np.ndarray, values: np.ndarray) -> float:
    """The power of the distance as which the drops grow."""
    if not np.all(np.isfinite(values)):
        return float("inf")
    first, last = -np.diff(values)[-2:]
    ratio = np.linalg.norm(path[-1]) / np.linalg.norm(path[-2])
    return float(np.log(last / first) / np.log(ratio))


@eqx.filter_jit
def _followed(energy: Any, directions: Any, radii: Any) -> tuple[jax.Array, jax.Array]:
    def turn(direction: jax.Array, _: None) -> tuple[jax.Array, None]:
        gradient = jax.grad(lambda u: energy(1e3 * u))(direction)
        gradient = gradient - direction * jnp.dot(direction, gradient)
        length = jnp.linalg.norm(gradient)
        step = direction - 0.1 * gradient / jnp.where(length > 0.0, length, 1.0)
        new = step / jnp.linalg.norm(step)
        is_lower = energy(1e3 * new) < energy(1e3 * direction)
        return jnp.where(is_lower, new, direction), None

    def one(direction: jax.Array) -> tuple[jax.Array, jax.Array]:
        direction, _ = jax.lax.scan(turn, direction, None, length=100)
        return direction, jax.vmap(lambda r: energy(r * direction))(radii)

    return jax.vmap(one)(directions)
