"""`thalweg explore`: a page that moves with its sliders."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thalweg.cli.parse.options import (
    DebugOption,
    DomainOption,
    QuietOption,
    SetOption,
    SystemArgument,
)
from thalweg.cli.session import Session, session
from thalweg.core.errors import InputError
from thalweg.core.nearby import near_names
from thalweg.explorer.port import PORT
from thalweg.models import registry

if TYPE_CHECKING:
    from thalweg.explorer.files import PageFile

# Also the name of a rule: with --hold a slice of it is shown, as of any other.
_ALSO_A_SYSTEM = "normalization"
# Letters in common with a page before a file or a system is taken for its name misspelt: most.
_NEARLY = 0.7

HoldOption = Annotated[
    list[str] | None,
    typer.Option(
        "--hold",
        metavar="NAME=VALUE",
        help="Hold a coordinate of a larger system, so that a plane is left.",
    ),
]
VaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="NAME=FROM:TO",
        help="Vary a parameter: the page has every branch and bifurcation.",
    ),
]


def explore(
    system: SystemArgument,
    settings: SetOption = None,
    domain: DomainOption = None,
    hold: HoldOption = None,
    vary: VaryOption = None,
    recover: Annotated[
        bool,
        typer.Option(
            "--recover",
            metavar="",
            help="Look for an energy first, where the system declares none.",
        ),
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write the page as one file, and end."),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen: this machine only.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="The first port to try.")
    ] = PORT,
    no_browser: Annotated[
        bool,
        typer.Option(
            "--no-browser", metavar="", help="Do not open the page; its address is printed."
        ),
    ] = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Open a page in the browser that moves with its sliders.

    Of a flow or a map of one or two coordinates, or a slice of a larger one: arrows, nullclines,
    equilibria, runs where you click, basins, the bifurcation diagram. Three pages are about models
    whose states are no plane: `normalization`, `deep-linear-modes`, `hopfield-retrieval`.

    Examples: `thalweg explore fitzhugh-nagumo`,
    `thalweg explore model.py:MyFlow --domain "-3,3;-3,3"`, `thalweg explore lorenz --hold z=27`,
    `thalweg explore van-der-pol --export page.html`.
    """
    with session(None, False, quiet, debug) as current:
        from thalweg.explorer.special.table import SUBJECTS

        plane = {"--domain": domain, "--hold": hold, "--vary": vary, "--recover": recover}
        page: PageFile
        if system in SUBJECTS and not any(plane.values()):
            page = _special(system, settings)
        elif system in SUBJECTS and system != _ALSO_A_SYSTEM:
            words = " and ".join(word for word, value in plane.items() if value)
            raise InputError(f"The page {system} is of no plane: it takes --set, but not {words}.")
        else:
            _offer(system, SUBJECTS)
            page = _of_system(current, system, settings, domain, hold, vary, recover, export)
        if export is not None:
            current.message(f"Wrote {page.save(export)}.")
            return
        _serve(page, host, port, no_browser, current)


def _offer(name: str, pages: Iterable[str]) -> None:
    """Refuse what is nearly the name of a special page, and is no system.

    Raises:
        InputError: it is that.
    """
    near = near_names(name, pages, 1, _NEARLY)
    if near and "." not in name and name not in {entry.name for entry in registry.ENTRIES}:
        raise InputError(f"There is no built-in system {name!r}. Did you mean the page {near[0]}?")


def _special(name: str, settings: list[str] | None) -> "PageFile":
    """The page about one model, its sliders at what --set says."""
    from thalweg.cli.parse.settings import split_settings
    from thalweg.explorer.specials import special_page

    texts = split_settings(settings or ())
    return special_page(name, {key: _number(text) for key, text in texts.items()})


def _number(text: str) -> float | str:
    """A number, or the words that are none."""
    try:
        return float(text)
    except ValueError:
        return text


def _of_system(
    current: Session,
    system: str,
    settings: list[str] | None,
    domain: str | None,
    hold: list[str] | None,
    vary: list[str] | None,
    recover: bool,
    export: Path | None,
) -> "PageFile":
    """The page of a rule."""
    from thalweg.cli.parse.holding import read_held
    from thalweg.cli.parse.inquiry import read_inquiry
    from thalweg.explorer import explore as make_page

    if vary and len(vary) > 1:
        raise InputError("explore: --vary is given once; for two see thalweg analyze.")
    asked = read_inquiry(system, settings, domain, None, vary)
    for warning in asked.warnings:
        current.message(f"Note: {warning}")
    return make_page(
        asked.subject,
        read_held(hold, asked.system.rule, asked.domain),
        recover=recover,
        vary=asked.varied,
        search=export is not None,
        name=asked.system.portable_name,
    )


def _serve(page: "PageFile", host: str, port: int, no_browser: bool, current: Session) -> None:
    """Serve the page until the reader ends the command."""
    import threading
    import webbrowser

    from thalweg.explorer import PageServer

    with PageServer(page, host, port) as server:
        if port not in (0, server.port):
            current.message(f"Port {port} is in use: taken {server.port} instead.")
        if not server.is_local:
            current.message("Whoever reaches this machine over the network can use the page.")
        current.show(f"{page.title} is at {server.address} (Ctrl+C ends it)")
        if page.slower:
            current.message(f"Python computes the field, because {page.slower}: slower.")
        if not no_browser:
            webbrowser.open(server.address)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            current.message("Ended.")
