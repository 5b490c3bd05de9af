"""The pages that commands write, with the command that made each."""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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
    from thalweg.report import analysis_page

    stage("figures")
    named = found.called(system.portable_name)
    return analysis_page(named, **made_with(system, context)).files()


def made_with(system: "System", context: typer.Context) -> dict[str, Any]:
    """The origin of a page: the command as it was typed, and versions."""
    from thalweg.cli.versions import installed

    return {"command": typed(context, system.portable_name), "versions": installed()}


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
