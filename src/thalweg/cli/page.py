"""The page of an analysis, with the command that made it."""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from thalweg.cli.parse.loader import System
    from thalweg.report import Analysis

# Where results go, and how much is said on the way, is no part of what was asked.
_UNASKED = ("out", "as_json", "quiet", "debug")


def page_files(
    found: "Analysis", system: "System", context: typer.Context, stage: Callable[[str], None]
) -> dict[str, bytes]:
    """Draw the page and the figures of an analysis, by the names of their files.

    Arguments:
        found: the analysis.
        system: what it is of; the page does not say where its file lies.
        context: the command as it was typed.
        stage: told that figures are drawn.
    """
    from thalweg.cli.versions import installed
    from thalweg.report import analysis_page

    stage("figures")
    name = system.portable_name
    command = typed(context, name)
    return analysis_page(found.called(name), command=command, versions=installed()).files()


def typed(context: typer.Context, name: str) -> str:
    """The command that was typed, of a system of that name, without where files went."""
    words = ["thalweg", str(context.info_name), name]
    for option in context.command.params:
        value = context.params.get(str(option.name))
        if option.param_type_name != "option" or option.name in _UNASKED or not value:
            continue
        texts = [] if value is True else value if isinstance(value, list | tuple) else [value]
        flag = option.opts[0]
        words += [flag] if value is True else [w for text in texts for w in (flag, str(text))]
    return shlex.join(words)
