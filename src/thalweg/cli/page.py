"""The pages that commands write, with the command that made each."""

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from thalweg.cli.stages import Stages

if TYPE_CHECKING:
    from thalweg.cli.parse.inquiry import Inquiry
    from thalweg.cli.parse.loader import System
    from thalweg.report import Analysis

# Where results go, and how much is said on the way, is no part of what was asked.
_UNASKED = ("out", "as_json", "quiet", "debug")


def analyzed(
    asked: "Inquiry",
    options: Mapping[str, Any],
    context: typer.Context,
    with_page: bool,
    quiet: bool,
    animate: str = "",
) -> tuple["Analysis", dict[str, bytes]]:
    """The analysis that was asked for, and its page and figures, by the names of their files.

    Arguments:
        asked: the system, the domain, and what is known.
        options: other arguments of `analyze`.
        context: the command as it was typed.
        with_page: whether there is a place for files; none are made otherwise.
        quiet: whether to say nothing on the way.
        animate: the kind of animation, or empty for none.
    """
    from thalweg.cli.parse.loader import pointing_to_a_map
    from thalweg.report import analyze

    count = analyze.count_stages(asked.varied) + 1
    with (
        pointing_to_a_map(asked.system, "analyze"),
        Stages(asked.system.name, count, quiet=quiet) as stage,
    ):
        found = analyze.analyze(asked.subject, asked.domain, **asked.known, **options, stage=stage)
        if not with_page:
            return found, {}
        return found, _page_files(found, asked.system, context, stage, animate)


def _page_files(
    found: "Analysis",
    system: "System",
    context: typer.Context,
    stage: Callable[[str], None],
    animate: str,
) -> dict[str, bytes]:
    """Draw the page and the figures of an analysis, by the names of their files.

    Arguments:
        found: the analysis.
        system: what it is of; the page does not say where its file lies.
        context: the command as it was typed.
        stage: told that figures are drawn.
        animate: the kind of animation, or empty for none.
    """
    from thalweg.report import analysis_page

    stage("figures")
    named = found.called(system.portable_name)
    return analysis_page(named, animate=animate, **made_with(system, context)).files()


def made_with(system: "System", context: typer.Context) -> dict[str, Any]:
    """The origin of a page: the command as it was typed, and versions."""
    from thalweg.cli.versions import installed

    return {"command": typed(context, system.typed_name), "versions": installed()}


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
