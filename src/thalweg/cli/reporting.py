"""The figures and the page that `analyze` writes beside its result."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from thalweg.cli.analysis import Analysis
from thalweg.cli.versions import versions
from thalweg.core.domains import Domain
from thalweg.report import Findings, analysis_page


def report_files(
    analysis: Analysis, domain: Domain, settings: Sequence[str], domain_text: str | None
) -> dict[str, bytes]:
    """What to write, by file name: the figures and `report.html`.

    Arguments:
        analysis: what was found.
        domain: where.
        settings: the `--set` texts.
        domain_text: the `--domain` text, or None.
    """
    # A report may travel: of a file it says the name, not where it lies on this machine.
    path, colon, attribute = analysis.system.name.rpartition(":")
    name = f"{Path(path).name}:{attribute}" if colon else attribute
    words = ["thalweg", "analyze", name]
    words += [word for text in settings for word in ("--set", text)]
    words += [] if domain_text is None else ["--domain", domain_text]
    words += ["--seed", str(analysis.seed)] if analysis.seed else []
    found = Findings(
        name=name,
        summary=_summary(analysis.system.subject),
        rule=analysis.system.rule,
        domain=domain,
        parameters=analysis.system.parameters,
        seed=analysis.seed,
        equilibria=replace(analysis.equilibria, about=analysis.equilibria.about.called(name)),
        cycles=replace(analysis.cycles, about=analysis.cycles.about.called(name)),
        descent=analysis.descent,
        verdict=replace(analysis.verdict, system=name),
        warnings=analysis.warnings,
        command=shlex.join(words),
        versions={name: version or "missing" for name, version in versions().items()},
    )
    return analysis_page(found).files()


def _summary(subject: object) -> str:
    """The first sentence of the system's docstring, if somebody wrote one."""
    kind = type(subject)
    text = (kind.__doc__ or "").strip()
    is_made_up = text.startswith(f"{kind.__name__}(")  # what a dataclass writes by itself
    return "" if is_made_up or not text else " ".join(text.split("\n\n")[0].split())
