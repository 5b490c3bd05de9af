"""From a rule to its energy: the levels of the question, and the verdict.

`recover.py` holds the verb. Each level is a module: `exactness` asks whether the rule, lowered by a
metric, is the differential of an energy; `refutation` looks for an equilibrium that excludes every
metric.
"""

from thalweg.recovery.recover import recover_energy
from thalweg.recovery.verdict import Level, Verdict

__all__ = ["Level", "Verdict", "recover_energy"]
