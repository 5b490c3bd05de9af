"""The stability report: its data, and its sentences for a reader who knows neuroscience."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.reports import TableReport, about_all, about_in
from thalweg.core.tables import counted
from thalweg.models.normalization.theory.equilibria import OutputEquilibrium
from thalweg.models.normalization.theory.folds import StableIntervals


@dataclass(frozen=True)
class StartOutcome:
    """The end of a run of the map from W₀.

    Attributes:
        outcome: `"reaches the stable state"`, `"crosses zero"`, `"fades"` (u grows without bound
            and the outputs with it toward 0), `"keeps moving"`.
        step: when it was at rest, crossed zero, or was given up.
        neuron: the neuron whose denominator crossed zero, or None.
    """

    outcome: str
    step: int
    neuron: int | None


@dataclass(frozen=True, eq=False, repr=False)
class StabilityReport(TableReport):
    """The rest of the weights and of the outputs of a held input, or why there is none.

    Attributes:
        size: n.
        driven: how many neurons the input drives.
        alpha: α.
        beta: β.
        equilibrium: the stable rest state of the outputs in continuous time, or None.
        outputs: what R does near it under the map: `"settles"` or `"does not settle"`.
        weights: what W does then: `"settles"`, `"drifts"` (linearly, in directions unseen),
            `"diverges"` (as (1+β)^t, or |1+β|^t) or `"does not settle"`.
        unseen_eigenvalue: β, the eigenvalue of the increment on all D with D r = 0.
        unseen_count: n² − n.
        seen_eigenvalues: the other n: those of the reduced flow at the equilibrium, falling.
        critical_alpha: the largest α, from the present one up, at which the map is still stable at
            this β; None if there is no stable state now, infinity if no limit was found.
        alpha_intervals: where in α the map has a stable output state at this β; None for α = 0.
        beta_intervals: where in (0, 1] of β a stable output state exists at this α; likewise.
        newly_driven: neurons that the target expects nothing of, driven now.
        newly_silent: neurons that the target expects something of, silent now.
        premise_gap: ‖R Rᵀ − C‖ / ‖C‖ at the equilibrium: zero iff the source's premise holds.
        start: what the map does from W₀.
        hidden_instability: R settles while W diverges.
        about: the network.
    """

    size: int
    driven: int
    alpha: float
    beta: float
    equilibrium: OutputEquilibrium | None
    outputs: str
    weights: str
    unseen_eigenvalue: float
    unseen_count: int
    seen_eigenvalues: np.ndarray
    critical_alpha: float | None
    alpha_intervals: StableIntervals | None
    beta_intervals: StableIntervals | None
    newly_driven: tuple[int, ...]
    newly_silent: tuple[int, ...]
    premise_gap: float | None
    start: StartOutcome
    hidden_instability: bool
    about: About = UNSAID

    def __post_init__(self) -> None:
        for name in ("equilibrium", "alpha_intervals", "beta_intervals"):
            part = getattr(self, name)
            if part is not None:
                object.__setattr__(self, name, *about_all([part], self.about))

    @property
    def title(self) -> str:
        """The network and the two answers."""
        name = self.about.system or "A normalization network"
        return f"{name}: outputs {self.outputs}, weights {self.weights}"

    def table(self) -> None:
        """Nothing: the sentences say it all."""

    def remarks(self) -> list[str]:
        """The report in sentences."""
        return sentences(self)

    def data(self) -> dict[str, Any]:
        """The fields; a critical α that is infinite is null, and `has_no_limit` says so."""
        return to_fields(self) | {"has_no_limit": self._has_no_limit}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "StabilityReport":
        """The report that `to_dict` wrote."""
        if data["has_no_limit"]:
            data = {**data, "critical_alpha": np.inf}
        if data["equilibrium"] is not None and data["premise_gap"] is None:
            data = {**data, "premise_gap": np.inf}
        return from_fields(cls, data, about=about_in(data, about))

    @property
    def _has_no_limit(self) -> bool:
        return self.critical_alpha is not None and bool(np.isinf(self.critical_alpha))


def sentences(report: StabilityReport) -> list[str]:
    """Statements of the report, one a line."""
    lines = [
        f"{counted(report.size, 'neuron')}, {report.driven} of them driven; alpha = "
        f"{report.alpha:g}, beta = {report.beta:g}.",
        _outputs(report),
        _weights(report),
        f"Directions of W that the outputs cannot see: {report.unseen_count} of "
        f"{report.size**2}, each with the eigenvalue beta = {report.unseen_eigenvalue:g}; the "
        f"{report.size} seen ones {_range(report.seen_eigenvalues)}.",
        _start(report),
    ]
    if report.newly_driven:
        clause = (
            " u grows like the square root of time and the outputs fade"
            if report.beta == 0.0
            else " they start without a counterpart in the target"
        )
        lines.append(
            f"Driven now, but silent in the target: neurons {_names(report.newly_driven)};{clause}."
        )
    if report.newly_silent:
        clause = (
            "their rows of W never rest"
            if report.beta == 0.0
            else "their rows of W follow beta alone"
        )
        lines.append(
            f"Driven in the target, but silent now: neurons {_names(report.newly_silent)}; "
            f"{clause}."
        )
    lines.append(_step(report))
    if report.beta_intervals is not None:
        lines.append(
            "For beta in (0, 1] at this alpha a stable output state exists "
            f"{_intervals(report.beta_intervals)}; for every beta < 0 exactly one does."
        )
    return lines


def _outputs(report: StabilityReport) -> str:
    if report.equilibrium is None:
        return "The outputs R have no stable rest state: R does not settle."
    if report.outputs == "settles":
        which = np.flatnonzero(report.equilibrium.lower)
        note = f" (neuron {which[0]} is on its lower root)" if which.size else ""
        return f"The outputs R have one stable rest state{note}, and settle near it."
    return (
        "The outputs R have a rest state that is stable in continuous time, but the step of the "
        "map is too large for it: R oscillates or worse."
    )


def _weights(report: StabilityReport) -> str:
    if report.hidden_instability:
        return (
            f"Hidden instability: R settles while W diverges as (1 + beta)^t = "
            f"{1.0 + report.beta:g}^t in directions that the outputs cannot see."
        )
    if report.weights == "settles":
        premise = report.premise_gap is not None and report.premise_gap < 1e-6
        why = (
            "R Rᵀ = C, the premise, holds there"
            if premise
            else ("R Rᵀ differs from C there: the premise is sufficient for rest, not necessary")
        )
        return f"The weights W settle ({why})."
    if report.weights == "drifts":
        return (
            "The weights W drift for ever, linearly and unseen: R Rᵀ differs from C, and beta = 0 "
            "does not hold W back."
        )
    return "The weights W do not settle."


def _start(report: StabilityReport) -> str:
    start = report.start
    if start.outcome == "reaches the stable state":
        return f"W0 lies in the basin: the map is at rest after {counted(start.step, 'step')}."
    if start.outcome == "crosses zero":
        return (
            f"From W0 the denominator of neuron {start.neuron} reaches zero at step {start.step}; "
            f"the model is undefined from there on."
        )
    if start.outcome == "fades":
        return f"From W0 the pool grows without bound and the outputs fade (step {start.step})."
    return f"From W0 the map is still moving after {counted(start.step + 1, 'step')}."


def _step(report: StabilityReport) -> str:
    if report.critical_alpha is None:
        return "There is no alpha-interval of stability around the present alpha."
    if not np.isfinite(report.critical_alpha):
        return "No critical alpha was found: a larger step does not destabilise the map."
    return f"The map stays stable up to the critical alpha = {report.critical_alpha:.6g}."


def _range(values: np.ndarray) -> str:
    if not np.all(np.isfinite(values)):
        return "have no equilibrium to belong to"
    return f"lie between {values[-1]:.4g} and {values[0]:.4g}"


def _intervals(found: StableIntervals) -> str:
    if not found.intervals:
        return "nowhere"
    return "in " + ", ".join(f"[{low:.6g}, {high:.6g}]" for low, high in found.intervals)


def _names(neurons: tuple[int, ...]) -> str:
    shown = ", ".join(str(i) for i in neurons[:8])
    return shown + (f", … ({len(neurons)} in all)" if len(neurons) > 8 else "")
