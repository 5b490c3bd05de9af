"""The command `thalweg`. Nothing here imports JAX: a command does, once it is called."""

import io
import sys
from typing import Annotated

import typer

from thalweg.cli.commands.analyze import analyze
from thalweg.cli.commands.data import app as data
from thalweg.cli.commands.doctor import doctor
from thalweg.cli.commands.listing import list_systems
from thalweg.cli.commands.recover import recover
from thalweg.cli.commands.simulate import simulate
from thalweg.cli.commands.study import study
from thalweg.cli.startup import collect_garbage_seldom, prepare_environment

app = typer.Typer(
    name="thalweg",
    help="Systems that follow an energy downhill: where they rest, what they descend, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from thalweg import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    pass


app.command("list")(list_systems)
app.command("analyze")(analyze)
app.command("simulate")(simulate)
app.command("recover")(recover)
app.command("study")(study)
app.add_typer(data, name="data")
app.command("doctor")(doctor)


def run() -> None:
    """The entry point of the command line."""
    collect_garbage_seldom()
    prepare_environment()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a "?"
    app()
