"""Closed orbits of flows and cycles of maps: how many, how long, between which extremes."""

from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.domains import Domain
from thalweg.report.measures.base import Asked, rows, rule_of
from thalweg.sweeps import Measure, OnHost


class ClosedOrbits(eqx.Module):
    """The cycles of a system, by `find_equilibria` and `find_cycles`.

    Arguments:
        domain: where to look.
        most: how many are listed, by period; `number_of_cycles` counts all.
    """

    domain: Domain
    most: int = 4

    def __call__(self, system: Any) -> dict[str, Any]:
        """Counts, and the first of them by period."""
        from thalweg.analysis import find_cycles, find_equilibria

        rule, layout = rule_of(system), self.domain.layout
        found = find_cycles(rule, self.domain, equilibria=find_equilibria(rule, self.domain))
        orbits = [np.asarray(layout.flatten(cycle.states)) for cycle in found]
        nothing = np.full(layout.size, np.nan)
        return {
            "number_of_cycles": np.int32(len(found)),
            "number_stable": np.int32(sum(cycle.stable for cycle in found)),
            "number_recurrent": np.int32(len(found.recurrent)),
            "period": rows([cycle.period for cycle in found], self.most, np.array(np.nan)),
            "stable": rows([np.int8(c.stable) for c in found], self.most, np.array(-1, np.int8)),
            "lowest": rows([orbit.min(axis=0) for orbit in orbits], self.most, nothing),
            "highest": rows([orbit.max(axis=0) for orbit in orbits], self.most, nothing),
        }


def cycles(asked: Asked) -> Measure:
    """The measure `cycles`."""
    listed = ("cycle",)
    extremes = {"dims": (*listed, "coordinate"), "labels": asked.names}
    said = {
        "number_of_cycles": {"long_name": "number of cycles, one for each family"},
        "number_stable": {"long_name": "number of stable cycles"},
        "number_recurrent": {
            "long_name": "number of places of recurrence that is neither rest nor a cycle"
        },
        "period": {"long_name": "periods of the cycles, in order", "dims": listed},
        "stable": {
            "long_name": "stability of the cycles",
            "dims": listed,
            "flags": {"unstable": 0, "stable": 1},
        },
        "lowest": {"long_name": "least values along the cycles", **extremes},
        "highest": {"long_name": "largest values along the cycles", **extremes},
    }
    return OnHost(ClosedOrbits(asked.domain), said, called="cycles")
