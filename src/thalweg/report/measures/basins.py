"""The named measure `basins`: the attractors, and the share of starts that each draws."""

from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.domains import Domain
from thalweg.report.measures.base import Asked, rows, rule_of
from thalweg.sweeps import Measure, OnHost

KINDS = {name: code for code, name in enumerate(("equilibrium", "cycle", "chaos", "recurrent"))}
_STARTS = 1000  # enough for shares to 3 %, 95 times in a hundred


class BasinShares(eqx.Module):
    """The attractors of a system and the shares of their basins, by `find_basins`.

    Arguments:
        domain: where starts lie.
        starts: how many random starts there are.
        most: how many attractors are listed, the largest basins first.
    """

    domain: Domain
    starts: int
    most: int = 6

    def __call__(self, system: Any) -> dict[str, Any]:
        """Shares, the largest first, and those of starts that end on no attractor."""
        from thalweg.analysis import find_basins

        found = find_basins(rule_of(system), self.domain, starts=self.starts)
        listed = sorted(found.attractors, key=lambda attractor: -attractor.fraction)
        nothing, number = np.full(self.domain.layout.size, np.nan), np.array(np.nan)
        kinds = [np.int8(KINDS[a.kind]) for a in listed]
        return {
            "number_of_attractors": np.int32(len(listed)),
            "fraction": rows([a.fraction for a in listed], self.most, number),
            "fraction_low": rows([a.interval[0] for a in listed], self.most, number),
            "fraction_high": rows([a.interval[1] for a in listed], self.most, number),
            "kind": rows(kinds, self.most, np.array(-1, np.int8)),
            "at": rows([a.point for a in listed], self.most, nothing),
            "fraction_diverged": np.float64(found.diverged),
            "fraction_left": np.float64(found.left),
            "fraction_undecided": np.float64(found.undecided),
        }


def basins(asked: Asked) -> Measure:
    """The measure `basins`."""
    listed = ("attractor",)
    said = {
        "number_of_attractors": {"long_name": "number of attractors found"},
        "fraction": {"long_name": "shares of the basins, the largest first", "dims": listed},
        "fraction_low": {"long_name": "lower ends of their 95 % intervals", "dims": listed},
        "fraction_high": {"long_name": "upper ends of their 95 % intervals", "dims": listed},
        "kind": {"long_name": "kinds of the attractors", "dims": listed, "flags": KINDS},
        "at": {
            "long_name": "a state on each attractor",
            "dims": (*listed, "coordinate"),
            "labels": asked.names,
        },
        "fraction_diverged": {"long_name": "share of starts that left the finite"},
        "fraction_left": {"long_name": "share of starts that ended outside the domain"},
        "fraction_undecided": {"long_name": "share of starts that were not decided"},
    }
    fn = BasinShares(asked.domain, asked.starts or _STARTS)
    return OnHost(fn, said, called="basins", points=16)
