"""A certificate for each datum: whether a learned energy explains it, and not by being flat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.shapes import Array, Num
from thalweg.core.tables import format_number
from thalweg.core.trees import as_arrays, in_float64
from thalweg.learning.inverse.data import Data
from thalweg.learning.relax import Relax

_SHOWN = 6  # rows of the worst ones: a table is no list of all data
_ROUNDED = 1e-9  # a curvature that rounding leaves of one, relative to the largest


@dataclass(frozen=True)
class Demands:
    """The demands of a certificate.

    Attributes:
        residual: the most of a datum that may stay unexplained, from 0 to 1.
        distance: how near two states of rest count as one, in units of the spread of the data.
        tol: a state is at rest where a step changes it by less, relative to its size.
        max_steps: the most steps to rest.
    """

    residual: float = 0.5
    distance: float = 0.1
    tol: float = 1e-9
    max_steps: int = 20_000


@dataclass(frozen=True, eq=False, repr=False)
class Certificates(FieldsReport):
    """Findings on each datum: what an energy makes of it.

    A datum is certified where its residual is small, the energy curves upward in every direction
    where the run comes to rest, the run that begins at its start comes to rest there too, and that
    start is another state. A flat energy with the starts at the data has no residual, and fails.

    Attributes:
        residuals: how much is not explained, shape `(n,)`: 0 all is, 1 nothing; NaN: not asked.
        curvatures: the least eigenvalue of the Hessian of E where its run comes to rest.
        is_settled: whether it comes to rest at all.
        in_basin: whether the run from its start comes to rest there, and within the distance of the
            datum where that is a state of rest.
        has_moved: whether its start, where that was learned, is farther than that from its end.
        holds: whether all this is so.
        rests: where its run comes to rest, shape `(n, d)`.
        distance: how near two states of rest counted as one.
        demanded: the largest residual that was allowed.
        noun: what a datum is.
        about: the rule.
    """

    residuals: np.ndarray
    curvatures: np.ndarray
    is_settled: np.ndarray
    in_basin: np.ndarray
    has_moved: np.ndarray
    holds: np.ndarray
    rests: np.ndarray
    distance: float
    demanded: float
    noun: str = "datum"
    about: About = UNSAID

    @property
    def share(self) -> float:
        """The share of the data that are certified."""
        return float(np.mean(self.holds))

    @property
    def title(self) -> str:
        """The number of data that are certified."""
        return f"{np.sum(self.holds)} of {len(self.holds)} {self.noun}s certified"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The worst data: those that fail, then those with the largest residual."""
        order = np.lexsort((-np.nan_to_num(self.residuals), self.holds))
        rows = [
            [
                f"{i}",
                "" if np.isnan(self.residuals[i]) else format_number(float(self.residuals[i]), 3),
                format_number(float(self.curvatures[i]), 3),
                *(_YES_NO[bool(mark[i])] for mark in (self.in_basin, self.has_moved, self.holds)),
            ]
            for i in order[:_SHOWN]
        ]
        return [self.noun, "residual", "least curvature", "in basin", "moved", "certified"], rows

    def remarks(self) -> list[str]:
        """Sentences on the demands that fail, and of how many data."""
        flat = self.is_settled & ~(self.curvatures > 0.0)
        failures = {
            f"residual above {self.demanded:g}": self.residuals > self.demanded,
            "come to rest nowhere": ~self.is_settled,
            "rest where the energy is flat or falls in some direction": flat,
            "start in another basin than they end in": self.is_settled & ~self.in_basin,
            f"start within {format_number(self.distance, 3)} of their end": ~self.has_moved,
        }
        said = [f"{np.sum(failed)} {what}" for what, failed in failures.items() if np.any(failed)]
        return [f"Of {len(self.holds)}: {'; '.join(said)}."] if said else []


_YES_NO = {True: "yes", False: "no"}


def certify(
    energy: Callable[..., Any],
    data: Data,
    starts: Num[Array, "n d"] | None = None,
    *,
    demands: Demands | None = None,
    about: About = UNSAID,
) -> Certificates:
    """Ask of each datum whether an energy explains it, in float64.

    Arguments:
        energy: any callable `state → scalar`.
        data: what it should explain.
        starts: where the run of each datum begins, if these are not data but learned with the
            energy: shape `(n, d)`.
        demands: the tolerances.
        about: what the certificates are said to be about.

    Raises:
        InputError: the data have no starts of their own, and none are given; they do not fit.

    Example:
        >>> import jax.numpy as jnp, numpy as np, thalweg as tw
        >>> points = np.array([[1.0], [-1.0], [1.0]])
        >>> data = tw.learning.Points(points)
        >>> print(tw.learning.certify(lambda x: 0.0 * jnp.sum(x), data, points).title)
        0 of 3 points certified
        >>> wells = lambda x: jnp.sum((x**2 - 1.0) ** 2)
        >>> print(tw.learning.certify(wells, data, points / 2.0).title)
        3 of 3 points certified
    """
    demands = Demands() if demands is None else demands
    is_learned = data.learns_starts
    given = () if starts is None else np.shape(starts)
    if is_learned and given != np.shape(data.states):
        raise InputError(
            f"certify: the starts of these {data.words} are learned: give starts of the shape "
            f"{np.shape(data.states)}, got {given}."
        )
    with jax.enable_x64(True):
        hidden = np.asarray(starts, np.float64) if is_learned else None
        energy, data = in_float64(as_arrays(energy)), in_float64(data)
        tol = np.asarray(demands.tol)
        found = jax.device_get(_look(energy, data, hidden, tol, demands.max_steps))
    residuals, rests, from_start, is_settled, least, largest, begins, ends = found
    distance = demands.distance * data.spread
    in_basin = _apart(from_start, rests) <= distance
    if data.has_rests:
        in_basin &= _apart(rests, ends) <= distance
    # Starts that are data are evidence however near; those that were learned may be a way out.
    has_moved = (_apart(begins, ends) > distance) | (not is_learned)
    curves_up = least > _ROUNDED * np.maximum(largest, np.finfo(float).tiny)
    is_explained = ~(residuals > demands.residual)
    holds = is_explained & is_settled & curves_up & in_basin & has_moved
    return Certificates(
        residuals, least, is_settled, in_basin, has_moved, holds, rests, distance,
        demands.residual, data.noun, about,
    )  # fmt: skip


@eqx.filter_jit
def _look(energy: Any, data: Data, hidden: Any, tol: Any, max_steps: int) -> Any:
    """Residuals, rests from the ends and from the starts, and the curvature at the former."""
    begins, ends = map(jnp.asarray, data.runs(hidden))
    layer = Relax(data.rule(energy), tol=tol, max_steps=max_steps)
    here, there = jax.vmap(layer)(ends), jax.vmap(layer)(begins)
    is_settled = here.is_settled & there.is_settled
    curvatures = jnp.linalg.eigvalsh(jax.vmap(jax.hessian(energy))(here.state))
    sizes = jnp.max(jnp.abs(curvatures), axis=1)
    residuals = data.residuals(energy, hidden)
    return (
        residuals, here.state, there.state, is_settled, curvatures[:, 0], sizes, begins, ends,
    )  # fmt: skip


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The distances between rows; NaN, which no comparison holds of, where one left the finite."""
    with np.errstate(invalid="ignore"):
        return np.linalg.norm(one - other, axis=1)
