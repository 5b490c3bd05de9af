"""Level sets: the states of a box on which linear totals have given values.

A rule that conserves a total never leaves its level sets. On one of them, equilibria that come in
families over the whole box are isolated points.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.domains import Box, Domain, ProbabilitySimplex
from thalweg.core.errors import InputError
from thalweg.core.level_charts import LevelChart
from thalweg.core.trees import Layout


class LevelSet(Domain):
    """All states of a box whose totals Σ cᵢxᵢ have given values.

    Questions are answered in as many coordinates as are free then, so a rule must keep the totals.

    Arguments:
        box: the box.
        coefficients: one row of n numbers a total, shape `(m, n)`.
        values: the value of each total, shape `(m,)`.
        names: what each total is called.

    Raises:
        InputError: no state of the box has these totals, or only one has.
    """

    box: Box
    coefficients: np.ndarray
    values: np.ndarray
    names: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, box: Box, coefficients: Any, values: Any, names: Sequence[str]):
        self.box = box
        self.coefficients = np.asarray(coefficients, dtype=np.float64)
        self.values = np.asarray(values, dtype=np.float64)
        self.names = tuple(names)

    @property
    def layout(self) -> Layout:
        """The layout of the states of the box."""
        return self.box.layout

    def chart(self) -> LevelChart:
        """Those free coordinates of the box that decide the others."""
        chart = self.box.chart()
        free, size = np.asarray(chart.free), self.layout.size
        rows = self.coefficients[:, free]
        lower, upper = np.asarray(chart.lower), np.asarray(chart.upper)
        held = np.where(np.isin(np.arange(size), free), 0.0, np.asarray(chart.held))
        left = self.values - self.coefficients @ held
        decided = _decided(rows, np.isfinite(np.asarray(chart.turn)), upper - lower)
        kept = np.setdiff1d(np.arange(len(free)), decided)
        low, high, middle = self._extent(rows, left, lower, upper)
        if np.any(high[kept] - low[kept] <= 1e-12 * (upper - lower)[kept]):
            raise InputError(f"conserved: only one state of {self.box.words} has {self.said}.")
        solved = np.linalg.solve(rows[:, decided], np.column_stack([left, -rows[:, kept]]))
        offset, basis = held, np.zeros((size, len(kept)))
        offset[free[decided]], basis[free[decided]] = solved[:, 0], solved[:, 1:]
        basis[free[kept]] = np.eye(len(kept))
        walls = [np.full(size, -np.inf), np.full(size, np.inf)]
        walls[0][free], walls[1][free] = lower, upper
        return LevelChart(
            layout=self.layout,
            kept=tuple(int(i) for i in free[kept]),
            names=self.names,
            fixed=chart.held_at,
            rows=self.coefficients,
            values=self.values,
            offset=offset,
            basis=basis,
            walls=(walls[0], walls[1]),
            lower=low[kept],
            upper=high[kept],
            middle=middle[kept],
            turn=np.asarray(chart.turn)[kept],
        )

    def _extent(
        self, rows: np.ndarray, left: np.ndarray, lower: np.ndarray, upper: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The least and greatest value of each coordinate, and a point amid the level set."""
        from scipy.optimize import linprog

        widths = upper - lower
        size = rows.shape[1]
        # In units of the box, and each total in units of what it varies by.
        across = rows * widths
        scale = np.max(np.abs(across), axis=1, keepdims=True)
        across, right = across / scale, (left - rows @ lower) / scale[:, 0]
        ends = []
        for direction in np.concatenate([np.eye(size), -np.eye(size)]):
            found = linprog(direction, A_eq=across, b_eq=right, bounds=(0.0, 1.0))
            if found.status != 0:
                raise InputError(
                    f"conserved: no state of {self.box.words} has {self.said}. {self._ranges()}"
                )
            ends.append(found.x)
        # As far from all walls as can be, in units of the box: one more unknown, the distance.
        apart = np.column_stack([np.concatenate([-np.eye(size), np.eye(size)]), np.ones(2 * size)])
        best = linprog(
            np.append(np.zeros(size), -1.0),
            A_ub=apart, b_ub=np.append(np.zeros(size), np.ones(size)),
            A_eq=np.column_stack([across, np.zeros(len(across))]), b_eq=right,
        )  # fmt: skip
        x = np.array(ends)
        middle = 0.5 * (best.x[:size] + np.mean(x, axis=0))
        low, high = np.min(x, axis=0), np.max(x, axis=0)
        return lower + low * widths, lower + high * widths, lower + middle * widths

    def _ranges(self) -> str:
        """Between what values the totals are, each by itself."""
        parts = []
        for name, row in zip(self.names, self.coefficients, strict=True):
            low, high = span(self.box, row)
            parts.append(f"{name} is between {low:g} and {high:g} there")
        return f"{'; '.join(parts)}."

    @property
    def said(self) -> str:
        """The totals and their values, as `A + B = 1`."""
        return " and ".join(
            f"{name} = {value:.6g}" for name, value in zip(self.names, self.values, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """The box, and `conserved`: the name, the coefficients and the value of each total."""
        totals = zip(self.names, self.coefficients.tolist(), self.values.tolist(), strict=True)
        keys = ("name", "coefficients", "value")
        conserved = [dict(zip(keys, total, strict=True)) for total in totals]
        return self.box.to_dict() | {"conserved": conserved}

    @property
    def words(self) -> str:
        """The box, and the totals."""
        return f"{self.box.words} where {self.said}"


def domain_from(data: Mapping[str, Any], layout: Layout) -> Domain:
    """The domain that `Domain.to_dict` wrote, of states of that layout."""
    if "sum" in data:
        return ProbabilitySimplex(len(data["lower"]))
    periodic = data.get("periodic", [False] * layout.size)
    box = Box(*(layout.unflatten(np.asarray(x)) for x in (data["lower"], data["upper"], periodic)))
    totals = data.get("conserved")
    if totals is None:
        return box
    rows = [[total[key] for total in totals] for key in ("coefficients", "value", "name")]
    return LevelSet(box, *rows)


def span(box: Box, coefficients: np.ndarray) -> tuple[float, float]:
    """The least and the greatest value of Σ cᵢxᵢ in a box."""
    lower, upper = (box.layout.flatten(b) for b in (box.lower, box.upper))
    ends = np.stack([coefficients * lower, coefficients * upper])
    return float(np.sum(np.min(ends, axis=0))), float(np.sum(np.max(ends, axis=0)))


def _decided(rows: np.ndarray, is_angle: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Coordinates, as many as there are totals, which the others decide stably."""
    from scipy.linalg import qr

    across = np.where(is_angle, 0.0, rows * widths)
    factored: Any = qr(across, pivoting=True, mode="economic")
    return np.sort(factored[2][: len(rows)])
