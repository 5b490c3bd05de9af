"""What a rule does in the long run: equilibria and their stability.

`find.py` holds the verb; it draws on `search` (batched Levenberg–Marquardt), `polish`, `roots`
(which are the same), `continua`, `completeness` (what may have been missed) and `classify`.
"""

from thalweg.analysis.axioms import (
    AxiomCheck,
    Homogeneity,
    check_axioms,
    homogeneity_degree,
)
from thalweg.analysis.boundedness import BoundedBelow, check_bounded_below
from thalweg.analysis.cycle_search import find_cycles
from thalweg.analysis.cycles import Cycle, Cycles, Recurrent
from thalweg.analysis.descent import DescentCheck, check_descent
from thalweg.analysis.equilibria import Equilibria, Equilibrium, Search, SlowPoint
from thalweg.analysis.find import find_equilibria
from thalweg.analysis.linearize import Linearization, linearize
from thalweg.analysis.problem import Problem, make_problem

__all__ = [
    "AxiomCheck",
    "BoundedBelow",
    "Cycle",
    "Cycles",
    "DescentCheck",
    "Equilibria",
    "Equilibrium",
    "Homogeneity",
    "Linearization",
    "Problem",
    "Recurrent",
    "Search",
    "SlowPoint",
    "check_axioms",
    "check_bounded_below",
    "check_descent",
    "find_cycles",
    "find_equilibria",
    "homogeneity_degree",
    "linearize",
    "make_problem",
]
