"""The behaviour of a rule in the long run: rest, repetition, chaos, and the fall of an energy.

`linearize` looks at one state. Sub-rooms, each importing only from those before it: `descent` (an
energy along a rule), `equilibria`, `cycles`, `exponents` (of Lyapunov), `basins` (of
attractors), `continuation` (of equilibria in a parameter), `two_parameters` (curves of
bifurcations), `comparison` (of ways down one energy), `landscapes` (what falls where no energy
does).
"""

from typing import TYPE_CHECKING

from thalweg.analysis.basins.find import find_basins
from thalweg.analysis.basins.follow import Following
from thalweg.analysis.basins.over import BasinFractions, basin_fractions
from thalweg.analysis.basins.result import Attractor, Basins
from thalweg.analysis.comparison.compare import compare_operators
from thalweg.analysis.comparison.result import Comparison, Course
from thalweg.analysis.continuation.diagram import bifurcation_diagram
from thalweg.analysis.continuation.result import Bifurcation, BifurcationDiagram, Branch
from thalweg.analysis.cycles.find import find_cycles
from thalweg.analysis.cycles.result import Cycle, Cycles, Recurrent
from thalweg.analysis.descent.axioms import AxiomCheck, check_axioms
from thalweg.analysis.descent.bounded_below import BoundedBelow, check_bounded_below
from thalweg.analysis.descent.check import check_descent
from thalweg.analysis.descent.homogeneity import Homogeneity, homogeneity_degree
from thalweg.analysis.descent.result import DescentCheck
from thalweg.analysis.equilibria.conserved import conserved_quantities
from thalweg.analysis.equilibria.equilibrium import Equilibrium, SlowPoint
from thalweg.analysis.equilibria.find import find_equilibria
from thalweg.analysis.equilibria.quantities import ConservedQuantities, ConservedQuantity
from thalweg.analysis.equilibria.result import Equilibria, Search
from thalweg.analysis.equilibria.transients import Transients, transients
from thalweg.analysis.exponents.result import Exponents
from thalweg.analysis.exponents.spectrum import lyapunov_exponents
from thalweg.analysis.landscapes.find import find_landscape, refuse_landscape
from thalweg.analysis.landscapes.result import Landscape, LandscapeCheck, RecurrentSet
from thalweg.analysis.linearize import Linearization, linearize
from thalweg.analysis.two_parameters.find import bifurcation_curves
from thalweg.analysis.two_parameters.result import (
    BifurcationCurve,
    BifurcationCurves,
    SpecialPoint,
)
from thalweg.core.nearby import offering

__all__ = [
    "Attractor",
    "AxiomCheck",
    "BasinFractions",
    "Basins",
    "Bifurcation",
    "BifurcationCurve",
    "BifurcationCurves",
    "BifurcationDiagram",
    "BoundedBelow",
    "Branch",
    "Comparison",
    "ConservedQuantities",
    "ConservedQuantity",
    "Course",
    "Cycle",
    "Cycles",
    "DescentCheck",
    "Equilibria",
    "Equilibrium",
    "Exponents",
    "Following",
    "Homogeneity",
    "Landscape",
    "LandscapeCheck",
    "Linearization",
    "Recurrent",
    "RecurrentSet",
    "Search",
    "SlowPoint",
    "SpecialPoint",
    "Transients",
    "basin_fractions",
    "bifurcation_curves",
    "bifurcation_diagram",
    "check_axioms",
    "check_bounded_below",
    "check_descent",
    "compare_operators",
    "conserved_quantities",
    "find_basins",
    "find_cycles",
    "find_equilibria",
    "find_landscape",
    "homogeneity_degree",
    "linearize",
    "lyapunov_exponents",
    "refuse_landscape",
    "transients",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
