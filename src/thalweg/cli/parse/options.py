"""The arguments and options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

from thalweg.cli.parse.completion import complete_format, complete_parameter, complete_system

SystemArgument = Annotated[
    str,
    typer.Argument(
        metavar="SYSTEM",
        help="A built-in system, a class or instance (path/to/file.py:Name), or a model of XPP "
        "(path/to/file.ode).",
        autocompletion=complete_system,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a parameter: a dotted path and a JSON value.",
        autocompletion=complete_parameter,
    ),
]
DomainOption = Annotated[
    str | None,
    typer.Option(
        "--domain",
        metavar='"LO,HI;LO,HI"',
        help="Where to search: one pair a coordinate, or one pair for all.",
    ),
]
ConservedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--conserved",
        metavar='"A + B=VALUE"',
        help="Hold a linear total that the system conserves at a value.",
    ),
]
CertifyOption = Annotated[
    bool,
    typer.Option(
        "--certify",
        metavar="",
        help="Prove that these are all equilibria, in up to three coordinates (extra `certified`).",
    ),
]
LandscapeOption = Annotated[
    bool,
    typer.Option(
        "--landscape",
        metavar="",
        help="Compute a function that falls wherever nothing recurs, in up to three coordinates.",
    ),
]
VaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="NAME=FROM:TO",
        help="Vary a parameter, or a conserved total: every branch and bifurcation. Twice: the "
        "curves of bifurcations over two parameters.",
        autocompletion=complete_parameter,
    ),
]
AnimateOption = Annotated[
    str | None,
    typer.Option(
        "--animate",
        metavar="gif|mp4",
        help="Also write what runs as an animation; mp4 where ffmpeg is installed.",
        autocompletion=complete_format,
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", min=0, help="The seed of everything random.")
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder for the files; unless given thalweg-out/SYSTEM of analyze, "
        "thalweg-out/SYSTEM-simulate of simulate, and so on. What an earlier report there showed "
        "is removed.",
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        metavar="",
        help="Print the result as JSON and nothing else; no files unless --out is given.",
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", metavar="", help="Print nothing but errors (and JSON, if asked for)."
    ),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")
]
