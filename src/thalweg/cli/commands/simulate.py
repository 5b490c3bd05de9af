"""`thalweg simulate`: run a system from a start."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thalweg.cli.parse.completion import complete_method
from thalweg.cli.parse.options import (
    AnimateOption,
    DebugOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    SetOption,
    SystemArgument,
)
from thalweg.cli.session import session

if TYPE_CHECKING:
    from thalweg.cli.parse.loader import System

_DURATION, _STEPS = 100.0, 100  # of a flow where none is given; and as many steps of a map
_FINE = 8001  # points of a run with many turns, for its figures
DurationOption = Annotated[
    float | None,
    typer.Option(
        "--duration",
        metavar="T",
        help="How long to follow a flow or a diffusion; 100 unless given.",
    ),
]
StepsOption = Annotated[
    int | None,
    typer.Option(
        "--steps", metavar="N", help="How often to apply a map or a kernel; 100 unless given."
    ),
]
MethodOption = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help="How to follow a flow: adaptive (unless given), stiff, or with --dt rk4 or euler; "
        "or a diffusion, with --dt: euler-maruyama, milstein.",
        autocompletion=complete_method,
    ),
]
DtOption = Annotated[
    float | None,
    typer.Option(
        "--dt", metavar="DT", help="Steps of this length, by rk4 or euler-maruyama unless told."
    ),
]


def simulate(
    context: typer.Context,
    system: SystemArgument,
    settings: SetOption = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar='"X,Y"',
            help="The start, one number a coordinate; else that of the system, or a random point "
            "of the domain.",
        ),
    ] = None,
    duration: DurationOption = None,
    steps: StepsOption = None,
    settle: Annotated[
        bool,
        typer.Option(
            "--until-settled", metavar="", help="Stop early when the state has come to rest."
        ),
    ] = False,
    save: Annotated[
        int | None,
        typer.Option("--save", metavar="N", min=2, help="How many points to keep, equally spaced."),
    ] = None,
    method: MethodOption = None,
    dt: DtOption = None,
    rtol: Annotated[
        float | None, typer.Option("--rtol", metavar="R", help="Relative tolerance; 1e-6.")
    ] = None,
    atol: Annotated[
        float | None, typer.Option("--atol", metavar="A", help="Absolute tolerance; 1e-9.")
    ] = None,
    animate: AnimateOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Run a system from a start, in float64.

    Prints where it ended, and writes the states (result.json), figures and report.html. What draws
    random numbers (a diffusion, a kernel) draws them from the seed.

    The JSON has the keys `schema`, `version`, `system`, `parameters`, `rule`, `dimension`, `seed`,
    `names` (one a coordinate), `start`, `times`, `states` (one list of coordinates a time),
    `final`, `last_time`, `last_state`, `result` (`successful` or `settled`), `message`, `settled`,
    `statistics`, `dtypes`, `structure` (null where the state is one vector) and `warnings`.
    """
    with session(out, as_json, quiet, debug) as current:
        from thalweg.cli.parse.animation import read_animation, say_what_is_missing
        from thalweg.cli.parse.loader import load_system
        from thalweg.cli.parse.methods import read_method
        from thalweg.cli.parse.seeds import key_for
        from thalweg.cli.parse.starts import read_start

        loaded = load_system(system, settings or ())
        begin, chosen = read_start(start, loaded, seed), read_method(method, dt)
        moving = read_animation(animate, out is not None or not as_json)
        current.open_folder(f"{loaded.slug}-simulate")

        if not loaded.rule.has_continuous_time or dt is not None:
            steps = _STEPS if steps is None and duration is None else steps
        else:
            duration = _DURATION if duration is None and steps is None else duration

        follow = _follower(
            loaded,
            begin,
            duration=duration,
            steps=steps,
            until="settled" if settle else None,
            dt=dt if chosen is None else None,
            rtol=rtol,
            atol=atol,
            key=key_for(loaded.rule, seed),
            method=chosen,
        )
        trajectory = follow(save)

        def draw() -> dict[str, bytes]:
            # Between points that lie further apart than steps, lines would cut corners.
            is_coarse = save is None and dt is None and trajectory.steps > len(trajectory) > 1
            fine = follow(_FINE) if is_coarse else None
            files = _files(loaded, begin, trajectory, fine, seed, context, moving)
            say_what_is_missing(current, moving, files)
            return files

        current.finish(_result(loaded, begin, trajectory, seed), str(trajectory), draw)


def _follower(system: "System", start: Any, **options: Any) -> Callable[[int | None], Any]:
    """A run with these options of `simulate` that keeps so many points, or as many as are usual."""
    import jax

    from thalweg.core.trees import replace
    from thalweg.simulation import simulate as run

    def follow(points: int | None) -> Any:
        with jax.enable_x64(True):
            found = run(system.rule, start, save=points, **options)
        return replace(found, about=found.about.called(system.name))

    return follow


def _result(system: "System", start: Any, trajectory: Any, seed: int) -> dict[str, Any]:
    from thalweg.core.trees import Layout
    from thalweg.report.header import header

    size, kind = len(trajectory.names), system.rule.rule_kind
    start = Layout.of(start).flatten(start)
    return (
        header(system.name, system.parameters, kind, size)
        | {"seed": seed, "names": trajectory.names, "start": start}
        | trajectory.data()
        | {"warnings": []}
    )


def _files(
    system: "System",
    start: Any,
    trajectory: Any,
    fine: Any,
    seed: int,
    context: typer.Context,
    animate: str,
) -> dict[str, bytes]:
    """The page of the run and its figures, by the names of their files."""
    from thalweg.cli.page import made_with
    from thalweg.core.trees import replace
    from thalweg.report import run_page

    named = replace(trajectory, about=trajectory.about.called(system.portable_name))
    known = {"parameters": system.parameters, "seed": seed, "fine": fine, "animate": animate}
    return run_page(named, system.rule, start, **known, **made_with(system, context)).files()
