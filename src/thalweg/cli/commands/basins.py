"""`thalweg basins`: which starts end where."""

from typing import Annotated, Any

import typer

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
from thalweg.cli.session import session

StartsOption = Annotated[
    int | None,
    typer.Option("--starts", metavar="N", help="How many random starts; 10,000 unless given."),
]
GridOption = Annotated[
    str | None,
    typer.Option(
        "--grid",
        metavar="N|N,M,…",
        help="A grid of starts instead: points along every side, or along each; 1 holds a "
        "coordinate at the middle of the domain.",
    ),
]
DurationOption = Annotated[
    float | None,
    typer.Option(
        "--duration",
        metavar="T",
        help="How long to follow a start at most (in steps, of a map); else until it is decided.",
    ),
]

VaryOption = Annotated[
    str | None,
    typer.Option(
        "--vary",
        metavar="NAME=FROM:TO:COUNT",
        help="Show the shares over a parameter instead, at so many values (or NAME=VALUE,VALUE,…); "
        "2,000 random starts at each unless --starts is given.",
    ),
]


def basins(
    context: typer.Context,
    system: SystemArgument,
    settings: SetOption = None,
    domain: DomainOption = None,
    starts: StartsOption = None,
    grid: GridOption = None,
    duration: DurationOption = None,
    vary: VaryOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Find the attractors of a flow or map, and the share of starts that end on each.

    Prints a table, and writes result.json, a figure and report.html.

    The JSON has the keys `schema`, `version`, `system`, `parameters`, `rule`, `dimension`,
    `domain`, `seed`, `attractors` (each with `kind`, `point`, `period`, `count`, `fraction`,
    `interval`, `evidence`), `diverged`, `left`, `undecided`, `starts`, `labels` (of each start the
    number of its attractor, or −1, −2, −3 for the others), `axes` (of a grid) or `points`,
    `coordinates`, `followed`, `steps`, `entropy`, `boundary_entropy`, `dimension_of_boundary` with
    its `dimension_error`, and `warnings`. With `--vary` it has instead `parameter`, `values`, and
    of each value and attractor `points`, `fractions`, `low` and `high`, besides `kinds`,
    `diverged`, `left`, `undecided` and `starts`.

    Examples: `thalweg basins duffing --grid 200`,
    `thalweg basins model.py:MyFlow --starts 100000 --duration 1000`,
    `thalweg basins double-well --vary tilt=-1:1:9`.
    """
    with session(out, as_json, quiet, debug) as current:
        import dataclasses

        from thalweg.cli.page import made_with
        from thalweg.cli.parse.loader import load_system, pointing_to_a_map
        from thalweg.cli.parse.region import read_domain
        from thalweg.cli.parse.seeds import key_of
        from thalweg.cli.parse.variation import check_varied
        from thalweg.core.progress import quiet as silent

        asked = _asked(starts, grid, vary)
        loaded = load_system(system, settings or ())
        region, warnings = read_domain(domain, loaded.rule)
        if vary is not None:
            check_varied("--vary", loaded.rule, [asked["parameter"]])
        current.open_folder(f"{loaded.slug}-basins")

        from thalweg.analysis import basin_fractions, find_basins

        verb = find_basins if vary is None else basin_fractions
        options = {"domain": region, "duration": duration, "key": key_of(seed)}
        with pointing_to_a_map(loaded, "basins"), silent(quiet):
            found = verb(loaded.rule, **asked, **options)
        about = found.about.called(loaded.name)
        found = dataclasses.replace(found, about=about, notes=(*warnings, *found.notes))

        def draw() -> dict[str, bytes]:
            from thalweg.report import basin_fractions_page, basins_page

            named = dataclasses.replace(found, about=about.called(loaded.portable_name))
            known = {"parameters": loaded.parameters, "seed": seed}
            page: Any = basins_page if vary is None else basin_fractions_page
            return page(named, **known, **made_with(loaded, context)).files()

        current.finish(_result(found, loaded, region, seed), str(found), draw)


def _asked(starts: int | None, grid: str | None, vary: str | None) -> dict[str, Any]:
    """The starts, and the values of a parameter, as options of the verbs."""
    from thalweg.cli.parse.grids import read_values
    from thalweg.cli.parse.sides import read_sides
    from thalweg.core.errors import InputError

    if grid is not None and starts is not None:
        raise InputError("--starts and --grid are two ways to choose starts: give one of them.")
    if grid is not None and vary is not None:
        raise InputError("--vary takes random starts, the same at each value: leave --grid out.")
    sides = read_sides(grid)
    asked: dict[str, Any] = {"grid": sides} if sides else {}
    asked |= {} if starts is None else {"starts": starts}
    if vary is not None:
        asked["parameter"], asked["values"] = read_values(vary, "--vary")
    return asked


def _result(found: Any, loaded: Any, region: Any, seed: int) -> dict[str, Any]:
    from thalweg.report.header import header

    data = found.data()
    warnings = data.pop("notes")
    if "dimension" in data:
        # `dimension` is that of the system, in every command.
        data["dimension_of_boundary"] = data.pop("dimension")
    about = header(loaded.name, loaded.parameters, loaded.rule.rule_kind, region.layout.size)
    return about | {"domain": region.to_dict(), "seed": seed} | data | {"warnings": warnings}
