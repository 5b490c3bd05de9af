"""The house: its floors, its modules as syntax trees, and who imports whom."""

import ast
import dataclasses
import functools
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"

# A room imports only from rooms of lower floors. A new room is a new entry here.
FLOORS = {
    "core": 0,
    "geometry": 1,
    "data": 1,
    "energies": 2,
    "dynamics": 3,
    "simulation": 4,
    "formats": 4,
    "sweeps": 5,
    "training": 5,
    "analysis": 6,
    "sampling": 6,
    "recovery": 7,
    "learning": 7,
    "models": 8,
    "plot": 9,
    "explorer": 9,
    "report": 10,
    "studies": 11,
    "cli": 12,
    "__main__": 13,
}

# Inside a room that has sub-rooms, its parts (modules and sub-rooms) have an order of their own:
# each imports only from parts named before it. A new part is a new name here.
PARTS = {
    "analysis": (
        "linearize", "descent", "equilibria", "cycles", "exponents", "basins", "continuation",
        "two_parameters", "comparison", "landscapes",
    ),
    "cli": (
        "startup", "versions", "stages", "spelling", "session", "parse", "page", "describe",
        "commands", "main",
    ),
    "dynamics": (
        "words", "rules", "flows", "maps", "cures", "misuse", "diffusions", "kernels", "functions",
        "descent", "langevin", "proximal", "operators", "covariant", "block_descent",
        "spin_sweeps", "spins", "declared", "problem", "autonomy", "points", "formulas",
    ),
    "explorer": (
        "printing", "system", "source", "questions", "bundle", "special", "page", "files",
        "explorer", "specials", "port", "server",
    ),
    "formats": ("xpp",),
    "learning": (
        "continuous", "adjoints", "runs", "gradients", "relax", "compare", "losses",
        "inverse", "densities", "descriptions", "series",
    ),
    "models": ("registry", "classics", "deep_linear", "hopfield", "normalization"),
    "plot": (
        "given", "style", "levels", "legends", "papers", "principal",
        "labels", "views", "frames", "fields", "curves", "samples",
        "scenes",
        "layers", "portrait_data", "portraits", "cobwebs", "landscapes", "spectra",
        "trajectories",
        "paths", "animations", "verdicts", "splits", "conley_landscapes", "operators", "passages",
        "bifurcations",
        "bifurcation_curves", "sweeps", "basins", "basin_fractions",
    ),
    "recovery": (
        "kinds", "witnesses", "splits", "verdict", "certificates", "findings", "region", "forms",
        "question", "remarks", "level", "refutations", "candidates", "metrics", "closed_form",
        "split", "ladder", "recover",
    ),
    "report": (
        "themes", "page", "pictures", "plain", "header", "captions", "asked", "analyze", "moving",
        "verdicts", "runs", "systems", "basins", "measures", "sweeps",
    ),
    "sampling": (
        "boltzmann", "fokker_planck", "quantiles", "chance", "methods", "gaussians", "finite",
        "bias", "discrete", "partition", "diagnostics", "samples", "chains", "ways_out", "runaways",
        "sample",
    ),
    "studies": (
        "result", "checks", "registry", "normalization", "deep_linear", "hopfield",
        "inverse_energy", "equilibrium_propagation", "boltzmann",
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Module:
    """One Python file: its dotted name and its syntax tree."""

    name: str
    path: pathlib.Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room, or "" for the top of the package."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""

    @property
    def part(self) -> str:
        """The module or sub-room of the room that it is or lies in, or "" for the room's top."""
        parts = self.name.split(".")
        return parts[2] if len(parts) > 2 else ""


def _read(path: pathlib.Path, base: pathlib.Path) -> Module:
    parts = path.relative_to(base).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = path.read_text(encoding="utf-8")
    return Module(name, path, text, ast.parse(text))


@functools.cache
def package() -> tuple[Module, ...]:
    """Every module of `src/thalweg`."""
    return tuple(_read(path, SOURCE) for path in sorted((SOURCE / "thalweg").rglob("*.py")))


@functools.cache
def everything() -> tuple[Module, ...]:
    """Every Python file of the repository."""
    folders = ("tests", "tools", "benchmarks", "docs", "examples")
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return (*package(), *(_read(path, ROOT) for path in files))


def imported_names(module: Module) -> Iterator[tuple[str, int]]:
    """Each dotted name that a module imports, wherever in it: in functions and for types too."""
    is_package = module.path.name == "__init__.py"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                parts = module.name.split(".")
                kept = parts[: len(parts) - node.level + is_package]
                start = ".".join([*kept, start] if start else kept)
            yield from ((f"{start}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.args[0]
            if called == "import_module" and isinstance(name, ast.Constant):
                yield str(name.value), node.lineno


def target(dotted: str) -> str:
    """The module that a dotted name is, or is an attribute of."""
    names = {module.name for module in package()}
    while dotted not in names and "." in dotted:
        dotted = dotted.rpartition(".")[0]
    return dotted


def where(module: Module, line: int) -> str:
    """`path:line`, for messages."""
    return f"{module.path.relative_to(ROOT)}:{line}"
