"""Systems that follow an energy downhill: energy to dynamics, rule to energy, data to energy.

Public names are loaded on first use (PEP 562): importing thalweg imports nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:  # `X as X`: type checkers then take a name for public
    from thalweg import (
        analysis as analysis,
        data as data,
        dynamics as dynamics,
        energies as energies,
        explorer as explorer,
        formats as formats,
        geometry as geometry,
        learning as learning,
        models as models,
        plot as plot,
        recovery as recovery,
        report as report,
        sampling as sampling,
        simulation as simulation,
        sweeps as sweeps,
        training as training,
    )
    from thalweg.analysis import (
        AxiomCheck as AxiomCheck,
        BasinFractions as BasinFractions,
        Basins as Basins,
        BifurcationCurves as BifurcationCurves,
        BifurcationDiagram as BifurcationDiagram,
        BoundedBelow as BoundedBelow,
        Comparison as Comparison,
        ConservedQuantities as ConservedQuantities,
        ConservedQuantity as ConservedQuantity,
        Cycle as Cycle,
        Cycles as Cycles,
        DescentCheck as DescentCheck,
        Equilibria as Equilibria,
        Equilibrium as Equilibrium,
        Exponents as Exponents,
        Homogeneity as Homogeneity,
        Landscape as Landscape,
        Linearization as Linearization,
        basin_fractions as basin_fractions,
        bifurcation_curves as bifurcation_curves,
        bifurcation_diagram as bifurcation_diagram,
        check_axioms as check_axioms,
        check_bounded_below as check_bounded_below,
        check_descent as check_descent,
        compare_operators as compare_operators,
        conserved_quantities as conserved_quantities,
        find_basins as find_basins,
        find_cycles as find_cycles,
        find_equilibria as find_equilibria,
        find_landscape as find_landscape,
        homogeneity_degree as homogeneity_degree,
        linearize as linearize,
        lyapunov_exponents as lyapunov_exponents,
    )
    from thalweg.core.domains import (
        Box as Box,
        Domain as Domain,
        ProbabilitySimplex as ProbabilitySimplex,
    )
    from thalweg.core.ensembles import (
        ensemble as ensemble,
    )
    from thalweg.core.errors import (
        ConvergenceError as ConvergenceError,
        DivergenceError as DivergenceError,
        InputError as InputError,
        StoreError as StoreError,
        ThalwegError as ThalwegError,
    )
    from thalweg.core.codes import (
        Result as Result,
    )
    from thalweg.dynamics import (
        Diffusion as Diffusion,
        Flow as Flow,
        GradientStep as GradientStep,
        Kernel as Kernel,
        Map as Map,
        MemoryKernel as MemoryKernel,
        Rule as Rule,
        SteepestDescent as SteepestDescent,
        as_flow as as_flow,
        as_map as as_map,
    )
    from thalweg.energies import (
        Energy as Energy,
    )
    from thalweg.explorer.explorer import (
        Explorer as Explorer,
        explore as explore,
    )
    from thalweg.geometry import (
        ConstantMetric as ConstantMetric,
        DiagonalMetric as DiagonalMetric,
        Euclidean as Euclidean,
        Geometry as Geometry,
        MetricField as MetricField,
        Simplex as Simplex,
        Sphere as Sphere,
    )
    from thalweg.learning import (
        GradientComparison as GradientComparison,
        Relax as Relax,
        compare_gradients as compare_gradients,
        LearnedEnergy as LearnedEnergy,
        learn_energy as learn_energy,
    )
    from thalweg.recovery import (
        Verdict as Verdict,
        recover_energy as recover_energy,
    )
    from thalweg.recovery.closed_form import (
        SymbolicVerdict as SymbolicVerdict,
        recover_symbolic as recover_symbolic,
    )
    from thalweg.report.analyze import (
        Analysis as Analysis,
        analyze as analyze,
    )
    from thalweg.sampling import (
        Samples as Samples,
        sample as sample,
    )
    from thalweg.simulation import (
        Stiff as Stiff,
        Stroboscopic as Stroboscopic,
        Trajectory as Trajectory,
        simulate as simulate,
    )
    from thalweg.sweeps import (
        Sweep as Sweep,
        sweep as sweep,
    )

_ROOMS = (
    "analysis",
    "data",
    "dynamics",
    "energies",
    "explorer",
    "formats",
    "geometry",
    "learning",
    "models",
    "plot",
    "recovery",
    "report",
    "sampling",
    "simulation",
    "sweeps",
    "training",
)

_NAMES = {
    "thalweg.analysis": (
        "AxiomCheck",
        "BasinFractions",
        "Basins",
        "BifurcationCurves",
        "BifurcationDiagram",
        "BoundedBelow",
        "Comparison",
        "ConservedQuantities",
        "ConservedQuantity",
        "Cycle",
        "Cycles",
        "DescentCheck",
        "Equilibria",
        "Equilibrium",
        "Exponents",
        "Homogeneity",
        "Landscape",
        "Linearization",
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
    ),
    "thalweg.core.domains": ("Box", "Domain", "ProbabilitySimplex"),
    "thalweg.core.ensembles": ("ensemble",),
    "thalweg.core.errors": (
        "ConvergenceError",
        "DivergenceError",
        "InputError",
        "StoreError",
        "ThalwegError",
    ),
    "thalweg.core.codes": ("Result",),
    "thalweg.dynamics": (
        "Diffusion",
        "Flow",
        "GradientStep",
        "Kernel",
        "Map",
        "MemoryKernel",
        "Rule",
        "SteepestDescent",
        "as_flow",
        "as_map",
    ),
    "thalweg.energies": ("Energy",),
    "thalweg.explorer.explorer": ("Explorer", "explore"),
    "thalweg.geometry": (
        "ConstantMetric",
        "DiagonalMetric",
        "Euclidean",
        "Geometry",
        "MetricField",
        "Simplex",
        "Sphere",
    ),
    "thalweg.learning": (
        "GradientComparison",
        "LearnedEnergy",
        "Relax",
        "compare_gradients",
        "learn_energy",
    ),
    "thalweg.recovery": ("Verdict", "recover_energy"),
    "thalweg.recovery.closed_form": ("SymbolicVerdict", "recover_symbolic"),
    "thalweg.report.analyze": ("Analysis", "analyze"),
    "thalweg.sampling": ("Samples", "sample"),
    "thalweg.simulation": (
        "Stiff",
        "Stroboscopic",
        "Trajectory",
        "simulate",
    ),
    "thalweg.sweeps": ("Sweep", "sweep"),
}

_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted([*_ROOMS, *_HOME])


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        value = importlib.import_module(f"thalweg.{name}")
    elif name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    else:
        from thalweg.core.nearby import missing

        raise missing("thalweg", name, __all__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
