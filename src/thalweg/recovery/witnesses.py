"""Witnesses: what refutes a metric or an energy, for anyone to check again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from thalweg.core.plain import array, from_pairs, number, pairs
from thalweg.dynamics.words import WORDS


class Witness(Protocol):
    """Evidence against a metric or an energy that anyone can check again."""

    @property
    def excludes_metric(self) -> bool:
        """True if the displacement is a gradient in no metric that is continuous there."""
        ...

    @property
    def excludes_energy(self) -> bool:
        """True if no energy falls wherever the rule moves, whatever the metric."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The witness as JSON-ready data."""
        ...


@dataclass(frozen=True)
class EquilibriumWitness:
    """An equilibrium through which no metric can be continued.

    Attributes:
        state: the equilibrium, flat.
        eigenvalues: of the rule's own Jacobian there.
        condition: every metric in which the rule is steepest descent has at least this condition
            number there, with coordinates in units of the domain's widths.
        reason: `"non-real eigenvalue"` or `"not diagonalizable"`.
    """

    state: np.ndarray
    eigenvalues: np.ndarray
    condition: float
    reason: str

    @property
    def excludes_metric(self) -> bool:
        """True: none is continuous at the equilibrium."""
        return True

    @property
    def excludes_energy(self) -> bool:
        """False: an energy may fall all the same."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """The witness as JSON-ready data."""
        return {
            "type": "equilibrium",
            "reason": self.reason,
            "state": self.state.tolist(),
            "eigenvalues": pairs(self.eigenvalues),
            "condition": self.condition if np.isfinite(self.condition) else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], rule_kind: str) -> "EquilibriumWitness":
        """The witness that `to_dict` wrote."""
        condition = np.inf if data["condition"] is None else data["condition"]
        return cls(array(data["state"]), from_pairs(data["eigenvalues"]), condition, data["reason"])

    def __str__(self) -> str:
        shown = ", ".join(f"{rounded(v, 1e-2):.6g}" for v in self.state[:6])
        more = ", …" if len(self.state) > 6 else ""
        values = np.asarray(self.eigenvalues, dtype=np.complex128)
        odd = complex(values[int(np.argmax(np.abs(values.imag)))])
        odd = complex(rounded(odd.real, abs(odd)), odd.imag)
        value = f"{odd.real:.6g} ± {abs(odd.imag):.6g}i" if odd.imag else f"{odd.real:.6g}"
        fact = (
            f"non-real eigenvalue {value}"
            if self.reason.startswith("non-real")
            else f"whose Jacobian is not diagonalizable (eigenvalue {value})"
        )
        return (
            f"the equilibrium ({shown}{more}), {fact}: no metric that is continuous there has a "
            f"condition number below {self.condition:.1e}."
        )


@dataclass(frozen=True)
class CycleWitness:
    """A closed orbit of a flow, or a cycle of a map, inside the region.

    Attributes:
        point: a state on it, flat.
        period: how long a turn takes; the number of steps, of a map.
        multipliers: of one turn.
        lower: the least value of each coordinate of the state on it.
        upper: the largest.
        residual: by how much it fails to close.
        rule_kind: `"flow"` or `"map"`.
    """

    point: np.ndarray
    period: float
    multipliers: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    residual: float
    rule_kind: str

    @property
    def excludes_metric(self) -> bool:
        """True of a closed orbit; small steps in the direction of a map may still descend."""
        return WORDS[self.rule_kind].is_continuous

    @property
    def excludes_energy(self) -> bool:
        """True: nothing falls all the way round."""
        return True

    def to_dict(self) -> dict[str, Any]:
        """The witness as JSON-ready data."""
        return {
            "type": "cycle",
            "point": self.point.tolist(),
            "period": self.period,
            "multipliers": pairs(self.multipliers),
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
            "residual": self.residual,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], rule_kind: str) -> "CycleWitness":
        """The witness that `to_dict` wrote."""
        return cls(
            point=array(data["point"]),
            period=number(data["period"]),
            multipliers=from_pairs(data["multipliers"]),
            lower=array(data["lower"]),
            upper=array(data["upper"]),
            residual=number(data["residual"]),
            rule_kind=rule_kind,
        )

    def __str__(self) -> str:
        shown = ", ".join(f"{v:.6g}" for v in self.point[:6])
        more = ", …" if len(self.point) > 6 else ""
        where = f"through ({shown}{more})"
        if not WORDS[self.rule_kind].is_continuous:
            return f"a {self.period:.0f}-cycle {where}: nothing falls at every step of it."
        return (
            f"a closed orbit {where} of period {self.period:.6g}; its first coordinate runs from "
            f"{self.lower[0]:.4g} to {self.upper[0]:.4g}. Nothing falls all the way round it."
        )


@dataclass(frozen=True)
class MeasureWitness:
    """A finite invariant measure on a region that no trajectory leaves, off the states of rest.

    Attributes:
        state: a state that moves, flat.
        speed: how fast.
        measure: `"volume"`, `"drift"` (some measure is invariant, and nothing rests), or
            `"one way round"` (an angle that only states of rest hold up).
        reason: why, in words.
    """

    state: np.ndarray
    speed: float
    measure: str
    reason: str

    @property
    def excludes_metric(self) -> bool:
        """True: in any metric an energy would fall."""
        return True

    @property
    def excludes_energy(self) -> bool:
        """True: the mean of its change is zero."""
        return True

    def to_dict(self) -> dict[str, Any]:
        """The witness as JSON-ready data."""
        return {
            "type": "measure",
            "state": self.state.tolist(),
            "speed": self.speed,
            "measure": self.measure,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], rule_kind: str) -> "MeasureWitness":
        """The witness that `to_dict` wrote."""
        return cls(array(data["state"]), number(data["speed"]), data["measure"], data["reason"])

    def __str__(self) -> str:
        shown = ", ".join(f"{v:.6g}" for v in self.state[:6])
        more = ", …" if len(self.state) > 6 else ""
        return (
            f"{self.reason}. The mean change of an energy is zero, and yet the rule moves, for "
            f"example at ({shown}{more}) at a speed of {self.speed:.4g}."
        )


def rounded(value: float, size: float) -> float:
    """A number that prints as 0 where it is zero but for rounding."""
    return 0.0 if abs(value) <= 1e-13 * size else float(value)


WITNESSES = {"equilibrium": EquilibriumWitness, "cycle": CycleWitness, "measure": MeasureWitness}


def witness_from(data: Mapping[str, Any], rule_kind: str) -> Witness:
    """The witness that `Witness.to_dict` wrote; a new kind of witness is a row of `WITNESSES`."""
    return WITNESSES[data["type"]].from_dict(data, rule_kind)
