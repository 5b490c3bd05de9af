"""What a rule does in the long run: equilibria and their stability.

`find.py` holds the verb; it draws on `search` (batched Levenberg–Marquardt), `polish`, `roots`
(which are the same), `continua`, `completeness` (what may have been missed) and `classify`.
"""

from thalweg.analysis.cycle_search import find_cycles
from thalweg.analysis.cycles import Cycle, Cycles, Recurrent
from thalweg.analysis.descent import DescentCheck, check_descent
from thalweg.analysis.equilibria import Equilibria, Equilibrium, Search, SlowPoint
from thalweg.analysis.find import find_equilibria
from thalweg.analysis.linearize import Linearization, linearize
from thalweg.analysis.problem import Problem, make_problem

__all__ = [
    "Cycle",
    "Cycles",
    "DescentCheck",
    "Equilibria",
    "Equilibrium",
    "Linearization",
    "Problem",
    "Recurrent",
    "Search",
    "SlowPoint",
    "check_descent",
    "find_cycles",
    "find_equilibria",
    "linearize",
    "make_problem",
]
