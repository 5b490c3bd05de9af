"""`thalweg show`: what a system is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thalweg.cli.parse.options import DebugOption, JsonOption, SetOption, SystemArgument
from thalweg.cli.session import session

if TYPE_CHECKING:
    from thalweg.cli.parse.loader import System

ExportOption = Annotated[
    Path | None,
    typer.Option(
        "--export",
        metavar="MODEL.PY",
        help="Write a model of XPP as a Python class, to go on with.",
    ),
]


def show(
    system: SystemArgument,
    settings: SetOption = None,
    export: ExportOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show what a system is: its equations, parameters, domain, source and class.

    Examples: `thalweg show fitzhugh-nagumo`, `thalweg show lecar.ode --export lecar.py`.
    """
    with session(as_json=as_json, debug=debug) as current:
        from thalweg import __version__
        from thalweg.cli.describe import describe
        from thalweg.cli.parse.loader import load_system

        loaded = load_system(system, settings or ())
        found = describe(loaded)
        if export is not None:
            _export(loaded, export)
        current.finish({"schema": 1, "version": __version__, **found.data()}, str(found))
        if export is not None:
            current.message(f"Wrote {export}.")


def _export(loaded: "System", path: Path) -> None:
    from thalweg.core.errors import InputError
    from thalweg.core.files import write_atomically
    from thalweg.formats import XppModel, python_source

    model = getattr(loaded.rule, "model", None)
    if not isinstance(model, XppModel):
        raise InputError(
            f"--export: {loaded.name} is Python already; an .ode file can be written as Python."
        )
    if path.suffix != ".py":
        raise InputError(f"--export {path}: the name of a Python file ends in .py.")
    write_atomically(path, python_source(model))
