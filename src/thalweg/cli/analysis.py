"""The main job: equilibria, their stability, cycles, descent and the energy verdict, as one result.

`Analysis.to_dict` is the JSON object that people script against.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from thalweg.analysis import (
    Cycles,
    DescentCheck,
    Equilibria,
    check_descent,
    find_cycles,
    find_equilibria,
)
from thalweg.cli.header import header
from thalweg.cli.parse.loader import System
from thalweg.cli.parse.seeds import key_of
from thalweg.core.domains import Domain
from thalweg.dynamics import Rule, declared_energy
from thalweg.recovery import Kind, Verdict, ask, make_question

STAGES = ("equilibria", "energy", "cycles", "descent")


def _nobody(stage: str) -> None:
    """Told of a stage."""


@dataclass(frozen=True)
class Analysis:
    """Everything that `analyze` finds out about a system.

    Attributes:
        system: the system as it was named, with its parameters.
        seed: the seed of everything random.
        equilibria: the equilibria and how complete they are.
        cycles: closed orbits or n-cycles, and recurrence that is neither.
        descent: whether the declared energy never rises; None where none is declared.
        verdict: whether the rule is steepest descent of an energy.
        warnings: what was noticed before the search.
    """

    system: System
    seed: int
    equilibria: Equilibria
    cycles: Cycles
    descent: DescentCheck | None
    verdict: Verdict
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        about, found, cycles = self.equilibria.about, self.equilibria.data(), self.cycles.data()
        assert about.domain is not None
        recurrent = [f"{r.title}." for r in self.cycles.recurrent]
        warnings = [*self.warnings, *found["warnings"], *recurrent, *self.verdict.warnings]
        none = {"energy": None, "holds": None, "worst": None}
        return header(self.system, about.domain.layout.size) | {
            "domain": about.domain.to_dict(),
            "seed": self.seed,
            "equilibria": found["equilibria"],
            "cycles": cycles["cycles"],
            "search": found["search"],
            "descent": none if self.descent is None else self.descent.data(),
            "verdict": self.verdict.to_dict(),
            "warnings": list(dict.fromkeys(warnings)),
        }

    def __str__(self) -> str:
        notes = [f"Note: {warning}" for warning in self.warnings]
        parts = [str(self.equilibria), str(self.cycles)]
        parts += [] if self.descent is None else [str(self.descent)]
        return "\n\n".join([*parts, str(self.verdict), *notes])


def analyze_system(
    system: System,
    domain: Domain,
    seed: int = 0,
    warnings: tuple[str, ...] = (),
    stage: Callable[[str], None] = _nobody,
) -> Analysis:
    """Analyse a system in a domain; `stage` is told the name of each of `STAGES` as it begins."""
    key = key_of(seed)
    stage(STAGES[0])
    equilibria = find_equilibria(system.rule, domain, key=key)
    verdict, cycles = _verdict_and_cycles(system.rule, domain, equilibria, key, stage)
    descent = None
    stage(STAGES[3])
    if declared_energy(system.rule) is not None:
        descent = check_descent(system.rule, None, domain, key=key)
    return Analysis(
        system,
        seed,
        replace(equilibria, about=equilibria.about.called(system.name)),
        replace(cycles, about=cycles.about.called(system.name)),
        None if descent is None else replace(descent, about=descent.about.called(system.name)),
        replace(verdict, system=system.name),
        warnings,
    )


def _verdict_and_cycles(
    rule: Rule,
    domain: Domain,
    equilibria: Equilibria,
    key: Any,
    stage: Callable[[str], None],
) -> tuple[Verdict, Cycles]:
    """Metrics are asked for first: what descends in one needs no search for cycles.

    Only what is then still undecided is worth the levels that take seconds.
    """
    question = make_question(rule, domain, key=key, equilibria=equilibria)
    stage(STAGES[1])
    verdict = ask(question, thorough=False)
    stage(STAGES[2])
    cycles = find_cycles(
        rule, domain, key=key, equilibria=equilibria, gradient=verdict.kind.has_metric
    )
    if cycles or verdict.kind == Kind.UNDECIDED:
        question.learn_cycles(cycles)
        verdict = ask(question, thorough=False)
    if verdict.kind == Kind.UNDECIDED:
        verdict = ask(question)
    return verdict, cycles
