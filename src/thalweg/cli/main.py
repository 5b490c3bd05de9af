"""The command `thalweg`. Nothing here imports JAX: a command does, once it is called."""

import inspect
import io
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from thalweg.cli.commands.analyze import analyze
from thalweg.cli.commands.basins import basins
from thalweg.cli.commands.data import app as data
from thalweg.cli.commands.doctor import doctor
from thalweg.cli.commands.explore import explore
from thalweg.cli.commands.listing import list_systems
from thalweg.cli.commands.recover import recover
from thalweg.cli.commands.show import show
from thalweg.cli.commands.simulate import simulate
from thalweg.cli.commands.study import study
from thalweg.cli.commands.sweep import sweep
from thalweg.cli.parse.paths import split_path
from thalweg.cli.session import BAD_INPUT
from thalweg.cli.startup import collect_garbage_seldom, prepare_environment

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="thalweg",
    help="Systems that follow an energy downhill: where they rest, what they descend, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=_SETTINGS,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from thalweg import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, metavar="", help="The version."
        ),
    ] = False,
) -> None:
    pass


def _add(name: str, command: Callable[..., None]) -> None:
    """Enrol a command; each paragraph of its docstring is one line, which the terminal breaks."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    app.command(name, help="\n\n".join(" ".join(part.split()) for part in paragraphs))(command)


for _name, _command in {
    "list": list_systems,
    "show": show,
    "analyze": analyze,
    "basins": basins,
    "simulate": simulate,
    "recover": recover,
    "sweep": sweep,
    "study": study,
    "explore": explore,
}.items():
    _add(_name, _command)
app.add_typer(data, name="data")
_add("doctor", doctor)


def command_line() -> Any:
    """The commands as Click knows them; switches that it adds itself name no value to give."""
    whole = typer.main.get_command(app)
    for command in _below(whole):
        added = command.get_help_option(typer.Context(command, **_SETTINGS))
        for option in [added, *command.params]:
            if getattr(option, "is_flag", False):
                option.metavar = ""
    return whole


def _below(command: Any) -> list[Any]:
    """A command and all that belong to it."""
    parts = getattr(command, "commands", {}).values()
    return [command, *(each for part in parts for each in _below(part))]


def run() -> None:
    """The entry point of the command line."""
    collect_garbage_seldom()
    prepare_environment()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a "?"
    if problem := split_path(sys.argv[1:]):
        print(f"Error: {problem}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    command_line()()
