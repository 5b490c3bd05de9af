"""SYSTEM, --set, --domain, --conserved and --vary together: of what is asked, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.cli.parse.loader import System, load_system
from thalweg.cli.parse.region import read_domain
from thalweg.cli.parse.totals import read_conserved
from thalweg.cli.parse.variation import check_varied, read_variations
from thalweg.core.domains import Domain


@dataclass(frozen=True)
class Inquiry:
    """A system, where it is asked about, and what was noticed on reading that.

    Attributes:
        system: the system with its settings.
        domain: the region.
        totals: the values of totals that it conserves, by name.
        varied: the ranges of the parameters that vary, by name; empty where none does.
        warnings: sentences about the domain.
    """

    system: System
    domain: Domain
    totals: dict[str, float]
    varied: dict[str, tuple[float, float]]
    warnings: list[str]

    @property
    def subject(self) -> Any:
        """The rule, or the energy that stands for its steepest descent."""
        return self.system.subject

    @property
    def known(self) -> dict[str, Any]:
        """The arguments of `analyze` besides the system and the region, by their names."""
        return {
            "conserved": self.totals,
            "vary": self.varied,
            "name": self.system.name,
            "warnings": self.warnings,
        }


def read_inquiry(
    system: str,
    settings: Sequence[str] | None,
    domain: str | None,
    conserved: Sequence[str] | None,
    vary: Sequence[str] | None = None,
) -> Inquiry:
    """The inquiry that the words of a command ask.

    Raises:
        InputError: a word does not fit; the message says which and how.
    """
    loaded = load_system(system, settings or ())
    region, warnings = read_domain(domain, loaded.rule)
    totals, varied = read_conserved(conserved), read_variations(vary)
    check_varied("--vary", loaded.subject, [name for name in varied if name not in totals])
    return Inquiry(loaded, region, totals, varied, warnings)
