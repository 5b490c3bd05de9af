"""Lyapunov exponents, and whether a system is chaotic."""

from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.domains import Domain
from thalweg.report.measures.base import Asked, rule_of
from thalweg.sweeps import Measure, OnHost


class Spectrum(eqx.Module):
    """The Lyapunov exponents of a system, by `lyapunov_exponents`.

    Arguments:
        domain: in whose widths lengths are measured.
        start: the state that the trajectories begin next to; None for a random one.
        duration: for how long each counts; None for what the verb finds right.
    """

    domain: Domain
    start: Any
    duration: float | None

    def __call__(self, system: Any) -> dict[str, Any]:
        """The exponents, the largest first, with their errors."""
        from thalweg.analysis import lyapunov_exponents

        found = lyapunov_exponents(
            rule_of(system), self.start, domain=self.domain, duration=self.duration
        )
        return {
            "exponent": found.values,
            "error": found.errors,
            "is_chaotic": np.int8(found.is_chaotic),
            "dimension": np.float64(found.dimension),
            "divergence": np.float64(found.divergence),
        }


def exponents(asked: Asked) -> Measure:
    """The measure `exponents`."""
    listed = ("exponents",)
    said = {
        "exponent": {"long_name": "Lyapunov exponents, the largest first", "dims": listed},
        "error": {"long_name": "their standard errors", "dims": listed},
        "is_chaotic": {
            "long_name": "whether the largest exponent is positive beyond doubt",
            "flags": {"regular": 0, "chaotic": 1},
        },
        "dimension": {"long_name": "Kaplan-Yorke dimension of the attractor"},
        "divergence": {"long_name": "mean divergence, which all exponents add up to"},
    }
    duration = asked.duration if asked.steps is None else float(asked.steps)
    fn = Spectrum(asked.domain, asked.start, duration)
    return OnHost(fn, said, called="exponents", points=32)
