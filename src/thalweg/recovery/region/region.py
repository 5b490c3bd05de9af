"""The part of a domain in which a question can be answered, and points drawn from it."""

import functools
from dataclasses import dataclass, field

import jax
import numpy as np

from thalweg.core.batches import BATCH
from thalweg.core.randomness import host_generator
from thalweg.dynamics import Problem
from thalweg.dynamics.formulas.corners import Corners, find_corners
from thalweg.recovery.region.singularities import Troubles, find_troubles
from thalweg.recovery.region.suspects import joint_zeros, suspects_at

_SEGMENT = 16  # points between base and place at which suspicious quantities must keep their sign
_BASES = 12  # places tried as the base; that which sees most of the region is taken


@dataclass
class Region:
    """A domain, or what of it is seen from a base point without crossing a pole.

    What is seen from a point is star-shaped and so simply connected: there a closed ω is exact.

    Attributes:
        problem: the rule and its chart.
        rng: the source of points.
        base: where line integrals start: inside, but at no special point such as the centre.
        troubles: where the rule is not C¹.
        share: the part of the domain that is left.
    """

    problem: Problem
    rng: np.random.Generator
    base: np.ndarray
    troubles: Troubles = field(default_factory=Troubles)
    share: float = 1.0

    @functools.cached_property
    def corners(self) -> Corners:
        """Places where switches meet: conjunctions of comparisons may hold only there."""
        points = np.asarray(self.troubles.switches).reshape(-1, self.problem.chart.dimension)
        columns = np.asarray(self.troubles.columns, dtype=int)
        solve = functools.partial(joint_zeros, self.problem)
        return find_corners(solve, self.problem.chart, points, columns)

    @property
    def has_hole(self) -> bool:
        """True if the rule is unbounded somewhere that need not part the region."""
        return any(t.kind == "hole" for t in self.troubles.found)

    @property
    def pole_columns(self) -> list[int]:
        """The suspicious quantities that keep their sign in the region."""
        return [k for t in self.troubles.found if t.kind == "pole" for k in t.columns]

    def draw(self, count: int) -> np.ndarray:
        """Random points of the region, `(count, d)`."""
        points = self.problem.chart.draw(self.rng, count)
        if not self.pole_columns:
            return points
        kept = points[self.sees(points)]
        for _ in range(200):
            if len(kept) >= count:
                break
            more = self.problem.chart.draw(self.rng, BATCH)
            kept = np.concatenate([kept, more[self.sees(more)]])
        return kept[:count] if len(kept) >= count else np.resize(kept, points.shape)

    def sees(self, points: np.ndarray, origin: np.ndarray | None = None) -> np.ndarray:
        """Truths `(n,)`: points reached from `origin` (the base, or one each) across no pole."""
        columns = self.pole_columns
        if not columns or not len(points):
            return np.ones(len(points), dtype=bool)
        origin = self.base if origin is None else origin
        fractions = np.linspace(0.0, 1.0, _SEGMENT)[None, :, None]
        path = np.asarray(origin)[..., None, :] + fractions * (points - origin)[:, None, :]
        seen = suspects_at(self.problem, path.reshape(-1, points.shape[1]))
        signs = np.sign(seen.values[:, columns]).reshape(len(points), _SEGMENT, len(columns))
        is_finite = np.isfinite(seen.velocity).all(axis=1).reshape(len(points), _SEGMENT)
        return is_finite.all(axis=1) & (signs == signs[:, :1]).all(axis=(1, 2))


def make_region(problem: Problem, key: jax.Array | None) -> Region:
    """Look for poles and kinks, and choose the base from which most of the domain is seen."""
    rng = host_generator(key)
    points = problem.chart.draw(rng, BATCH)
    region = Region(problem, rng, np.mean(points[:4], axis=0))
    region.troubles = find_troubles(problem, points)
    if not region.pole_columns:
        return region
    shares = [float(np.mean(region.sees(points, np.asarray(p)))) for p in points[:_BASES]]
    region.base, region.share = points[int(np.argmax(shares))], max(shares)
    return region
