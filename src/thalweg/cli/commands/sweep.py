"""`thalweg sweep`: a measure of a system over a grid of its parameters."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thalweg.cli.parse.completion import complete_measure, complete_parameter
from thalweg.cli.parse.options import (
    DebugOption,
    DomainOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    SetOption,
    SystemArgument,
)
from thalweg.cli.session import FAILED, Session, session

if TYPE_CHECKING:
    from thalweg.cli.parse.loader import System
    from thalweg.sweeps import Sweep

STORE = "sweep.zarr"

GridOption = Annotated[
    list[str] | None,
    typer.Option(
        "--grid",
        metavar="NAME=FROM:TO:COUNT",
        help="A parameter and its values, or NAME=VALUE,VALUE,…; once for each parameter.",
        autocompletion=complete_parameter,
    ),
]
MeasureOption = Annotated[
    str,
    typer.Option(
        "--measure",
        metavar="NAME",
        help="What to measure: equilibria, settled, cycles, basins, exponents, verdict, or a "
        "function of the system in a file, path/to/file.py:fn.",
        autocompletion=complete_measure,
    ),
]
StartOption = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar='"X,Y"',
        help="Of settled and exponents: the start; a random point unless given.",
    ),
]
DurationOption = Annotated[
    float | None,
    typer.Option(
        "--duration", metavar="T", help="Of settled and exponents: how long a flow is followed."
    ),
]
StepsOption = Annotated[
    int | None,
    typer.Option("--steps", metavar="N", help="Of settled and exponents: how many steps of a map."),
]
StartsOption = Annotated[
    int | None,
    typer.Option("--starts", metavar="N", min=1, help="Of basins: how many random starts; 1,000."),
]
ChunkOption = Annotated[
    int | None,
    typer.Option(
        "--chunk", metavar="N", min=1, help="About how many points to compute and store at a time."
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Compute in N processes, each on a core of its own."
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler", metavar="ADDRESS", help="Compute on a Dask cluster that somebody runs."
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard", metavar="I/N", help="Compute the I-th of every N parts only: for job arrays."
    ),
]
StatusOption = Annotated[
    bool,
    typer.Option("--status", metavar="", help="Say how far the sweep is, and compute nothing."),
]


def sweep(
    context: typer.Context,
    system: SystemArgument,
    grid: GridOption = None,
    measure: MeasureOption = "equilibria",
    settings: SetOption = None,
    domain: DomainOption = None,
    start: StartOption = None,
    duration: DurationOption = None,
    steps: StepsOption = None,
    starts: StartsOption = None,
    chunk: ChunkOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    shard: ShardOption = None,
    status: StatusOption = False,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Measure a system at every point of a grid of its parameters.

    The results go into DIR/sweep.zarr, which xarray opens. A sweep that was killed goes on where it
    was when the same command is given again.

    Prints a table, and writes result.json, a map of each variable and report.html. The JSON has the
    keys `schema`, `version`, `system`, `parameters`, `rule`, `dimension`, `seed`, `measure`,
    `axes`, `shape`, `chunk`, `counts` (of points by how they ended), `parts`, `parts_done`,
    `variables`, `notes` and `warnings`.

    Examples: `thalweg sweep fitzhugh-nagumo --grid current=0:1.5:100 --grid b=0.5:2:80 --measure
    settled`, `thalweg sweep model.py:MyFlow --grid rate=0:1:500 --measure model.py:peak --workers
    4`.
    """
    with session(out, as_json, quiet, debug) as current:
        from thalweg.cli.parse.loader import load_system

        loaded = load_system(system, settings or ())
        if status:
            _show_status(current, loaded)
            return
        from thalweg.cli.parse.grids import read_grid, read_shard
        from thalweg.cli.parse.measures import read_measure
        from thalweg.cli.parse.variation import check_varied
        from thalweg.core.errors import InputError
        from thalweg.core.progress import quiet as no_progress
        from thalweg.sweeps import Grid
        from thalweg.sweeps import sweep as verb

        if as_json and out is None:
            raise InputError("sweep --json: a sweep lives in its store: give --out DIR.")
        limits = {"duration": duration, "steps": steps, "starts": starts}
        asked, region, warnings = read_measure(measure, loaded, domain, start, seed, limits)
        values = read_grid(grid)
        check_varied("--grid", loaded.subject, values)
        points = Grid(loaded.subject, values)
        shards, engine = read_shard(shard), _engine(workers, scheduler)
        current.open_folder(_folder(loaded))
        assert current.folder is not None
        with no_progress(quiet):
            found = verb(
                asked, points, current.folder / STORE, chunk=chunk, seed=seed, engine=engine,
                shard=shards, name=loaded.portable_name,
            )  # fmt: skip
        current.finish(
            _result(loaded, found, seed, region, warnings),
            "\n".join([str(found), *(f"Note: {warning}" for warning in warnings)]),
            lambda: _files(found, loaded, context),
        )
        is_short = not found.is_complete and shards == (1, 1)
    if is_short:
        raise typer.Exit(FAILED)


def _engine(workers: int | None, scheduler: str | None) -> Any:
    from thalweg.core.errors import InputError
    from thalweg.sweeps import LocalWorkers, Scheduler

    if workers is not None and scheduler is not None:
        raise InputError("--workers and --scheduler: give one of them.")
    if scheduler is not None:
        return Scheduler(scheduler)
    return None if workers is None else LocalWorkers(workers)


def _result(
    system: "System", found: "Sweep", seed: int, region: Any, warnings: list[str]
) -> dict[str, Any]:
    from thalweg.report.header import header

    size = None if region is None else region.layout.size
    return (
        header(system.name, system.parameters, system.rule.rule_kind, size)
        | {"seed": seed}
        | found.data()
        | {"warnings": [*warnings, *found.remarks()]}
    )


def _files(found: "Sweep", system: "System", context: typer.Context) -> dict[str, bytes]:
    from thalweg.cli.page import typed
    from thalweg.cli.versions import installed
    from thalweg.report.sweeps import sweep_page

    command = typed(context, system.typed_name)
    return sweep_page(found, held=system.parameters, command=command, versions=installed()).files()


def _folder(system: "System") -> str:
    """The name of the folder where sweeps of a system lie, unless told otherwise."""
    return f"{system.slug}-sweep"


def _show_status(current: Session, system: "System") -> None:
    """Print how far the sweep in the folder is, and when it may end."""
    from thalweg.core.jsontext import clean, to_text
    from thalweg.sweeps import read_sweep
    from thalweg.sweeps.pace import pace_of

    store = (current.out or Path("thalweg-out") / _folder(system)) / STORE
    found, pace = read_sweep(store), pace_of(store)
    current.show(f"{found}\n{pace}")
    current.print_json(to_text(clean(found.data() | {"pace": pace.to_dict()})))
