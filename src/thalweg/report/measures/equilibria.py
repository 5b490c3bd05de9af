"""States of rest: how many, where, of which kind, and whether they attract."""

from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.domains import Domain
from thalweg.report.measures.base import KINDS, Asked, rows, rule_of
from thalweg.sweeps import Measure, OnHost


class RestStates(eqx.Module):
    """The equilibria of a system, by `find_equilibria`.

    Arguments:
        domain: where to look.
        most: how many are listed; `number_of_equilibria` counts all.
    """

    domain: Domain
    most: int = 8

    def __call__(self, system: Any) -> dict[str, Any]:
        """Counts, and the first of them in order of state."""
        from thalweg.analysis import find_equilibria

        rule, nothing = rule_of(system), np.full(self.domain.layout.size, np.nan)
        found = find_equilibria(rule, self.domain)
        growths = [float(np.max(rule.growth(e.eigenvalues))) for e in found]
        upper = found.search.unseen_upper
        return {
            "number_of_equilibria": np.int32(found.search.distinct),
            "number_stable": np.int32(sum(e.stable is True for e in found)),
            "number_of_continua": np.int32(found.search.continua),
            "state": rows([self.domain.layout.flatten(e.state) for e in found], self.most, nothing),
            "kind": rows([np.int8(KINDS[e.kind]) for e in found], self.most, np.array(-1, np.int8)),
            "growth": rows(growths, self.most, np.array(np.nan)),
            "unseen_upper": np.float64(np.nan if upper is None else upper),
        }


def equilibria(asked: Asked) -> Measure:
    """The measure `equilibria`."""
    listed = ("equilibrium",)
    said = {
        "number_of_equilibria": {
            "long_name": "number of states of rest, one for each family that is not isolated"
        },
        "number_stable": {"long_name": "number of stable states of rest"},
        "number_of_continua": {"long_name": "number of families that are not isolated"},
        "state": {
            "long_name": "states of rest, in order",
            "dims": (*listed, "coordinate"),
            "labels": asked.names,
        },
        "kind": {"long_name": "kinds of the states of rest", "dims": listed, "flags": KINDS},
        "growth": {
            "long_name": "rates at which the fastest growing perturbations grow",
            "dims": listed,
        },
        "unseen_upper": {
            "long_name": "95 % upper bound on the chance that another random start finds a new one"
        },
    }
    return OnHost(RestStates(asked.domain), said, called="equilibria")
