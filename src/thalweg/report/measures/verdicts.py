"""The named measure `verdict`: of which energy a system is steepest descent, and how surely."""

from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.domains import Domain
from thalweg.recovery.kinds import Kind
from thalweg.report.measures.base import Asked, rule_of
from thalweg.sweeps import Measure, OnHost

CODES = {str(kind): code for code, kind in enumerate(Kind)}


class EnergyVerdict(eqx.Module):
    """The verdict on a system, by `recover_energy`.

    Arguments:
        domain: the region of the question.
    """

    domain: Domain

    def __call__(self, system: Any) -> dict[str, Any]:
        """The kind, its residual, and how it is known."""
        from thalweg.recovery import recover_energy

        found = recover_energy(rule_of(system), self.domain)
        residual = np.nan if found.residual is None else found.residual
        return {
            "verdict": np.int8(CODES[str(found.kind)]),
            "residual": np.float64(residual),
            "is_certified": np.int8(found.certified),
        }


def verdicts(asked: Asked) -> Measure:
    """The measure `verdict`."""
    said = {
        "verdict": {"long_name": "the strongest true statement", "flags": CODES},
        "residual": {"long_name": "normalized residual of that statement"},
        "is_certified": {
            "long_name": "whether it is proved that the energy falls",
            "flags": {"checked": 0, "proved": 1},
        },
    }
    return OnHost(EnergyVerdict(asked.domain), said, called="verdict", points=16)
