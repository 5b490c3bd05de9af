"""The main job, and its one result: what the command prints, the page draws and files keep."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax

from thalweg.analysis import (
    BifurcationCurves,
    BifurcationDiagram,
    Cycles,
    DescentCheck,
    Equilibria,
    bifurcation_curves,
    bifurcation_diagram,
    check_descent,
    find_cycles,
    find_equilibria,
    refuse_landscape,
)
from thalweg.core import html
from thalweg.core.about import About
from thalweg.core.checks import check_count
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.level_sets import LevelSet
from thalweg.core.parameters import parameters
from thalweg.core.reports import NotKept, Report, Table, about_all
from thalweg.dynamics import Deterministic, Rule, SteepestDescent, declared_energy
from thalweg.recovery import (
    LEVELS,
    Kind,
    Question,
    Verdict,
    ask,
    make_question,
    with_landscape,
)
from thalweg.recovery.split import SplitLevel
from thalweg.report.header import header

STAGES = ("equilibria", "energy", "cycles", "descent")
BRANCHES = "branches"
# Of more parameters there is no figure.
_MOST_VARIED = 2
_NO_ENERGY = {"energy": None, "holds": None, "worst": None}


@dataclass(frozen=True, eq=False, repr=False)
class Analysis(Report):
    """Everything that `analyze` finds out about a system; prints as the tables of its parts.

    Attributes:
        about: the system and the domain; its parts are about the same.
        parameters: its parameters by dotted path, JSON-ready.
        equilibria: the equilibria and how complete they are.
        cycles: closed orbits or n-cycles, and recurrence that is neither.
        descent: whether the declared energy never rises; None where none is declared.
        verdict: whether the rule is steepest descent of an energy.
        diagram: every branch over the parameter that was varied; None where none was, or two.
        curves: curves of bifurcations over the two parameters that were varied; None otherwise.
        rule: the rule itself; JSON does not keep it, so after reading it says that it is missing.
        seed: the seed of everything random.
        summary: what the system is, in a sentence, or empty.
        warnings: what was noticed before the search.
    """

    about: About
    parameters: Mapping[str, Any]
    equilibria: Equilibria
    cycles: Cycles
    descent: DescentCheck | None
    verdict: Verdict
    rule: Any = field(compare=False)
    diagram: BifurcationDiagram | None = None
    curves: BifurcationCurves | None = None
    seed: int = 0
    summary: str = ""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("equilibria", "cycles", "descent", "verdict", "diagram", "curves"):
            part = getattr(self, name)
            if part is not None:
                object.__setattr__(self, name, *about_all([part], self.about))

    def called(self, system: str) -> "Analysis":
        """The same under another name of the system."""
        return replace(self, about=self.about.called(system))

    @property
    def title(self) -> str:
        """The system, its kind and its state."""
        return f"Analysis of {self.about.words}"

    def table(self) -> Table:
        """One line a question, with its answer."""
        rows = [["equilibria", self.equilibria.counted()], ["cycles", self.cycles.counted()]]
        rows += [] if self.descent is None else [["descent", self.descent.title.split(": ")[-1]]]
        rows.append(["steepest descent", str(self.verdict.kind)])
        over = {"branches": self.diagram, "bifurcations": self.curves}
        rows += [[k, part.title.split(": ")[-1]] for k, part in over.items() if part is not None]
        return ["question", "answer"], rows

    def remarks(self) -> list[str]:
        """Every warning, of whatever part, once."""
        undecided, verdict = self.cycles.undecided(), self.verdict.warnings
        said = [*self.warnings, *self.equilibria.warnings, *undecided, *verdict]
        return list(dict.fromkeys(said))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `analyze --json`: the keys of the contract, then the rest."""
        about, equilibria, cycles = self.about.to_dict(), self.equilibria.data(), self.cycles.data()
        known = ("system", "rule", "dimension", "domain")
        return header(about["system"], self.parameters, about["rule"], about["dimension"]) | {
            "domain": about["domain"],
            "seed": self.seed,
            "equilibria": equilibria.pop("equilibria"),
            "cycles": cycles.pop("cycles"),
            "search": equilibria.pop("search"),
            "descent": _NO_ENERGY if self.descent is None else self.descent.data(),
            "verdict": self.verdict.data(),
            "warnings": self.remarks(),
            **({} if self.diagram is None else {"diagram": self.diagram.data()}),
            **({} if self.curves is None else {"curves": self.curves.data()}),
            **{key: value for key, value in about.items() if key not in known},
            "summary": self.summary,
            "families": equilibria.pop("families"),
            "slow": equilibria.pop("slow"),
            "proof": equilibria.pop("proof"),
            "recurrent": cycles.pop("recurrent"),
            "trajectories": cycles.pop("trajectories"),
            "notes": {
                "before": list(self.warnings),
                "equilibria": equilibria.pop("warnings"),
                "cycles": cycles.pop("notes"),
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Analysis":
        """The analysis that `to_dict` wrote, straight or through `result.json`."""
        about = About.from_dict(data) if about is None else about
        notes, descent = data["notes"], data["descent"]
        diagram, curves = data.get("diagram"), data.get("curves")
        return cls(
            about=about,
            parameters=data["parameters"],
            equilibria=Equilibria.from_dict({**data, "warnings": notes["equilibria"]}, about),
            cycles=Cycles.from_dict({**data, "notes": notes["cycles"]}, about),
            descent=None if descent == _NO_ENERGY else DescentCheck.from_dict(descent, about),
            verdict=Verdict.from_dict(data["verdict"], about),
            rule=NotKept("rule"),
            diagram=None if diagram is None else BifurcationDiagram.from_dict(diagram, about),
            curves=None if curves is None else BifurcationCurves.from_dict(curves, about),
            seed=data["seed"],
            summary=data["summary"],
            warnings=tuple(notes["before"]),
        )

    def _parts(self) -> list[Report | None]:
        found = [self.equilibria, self.cycles, self.descent, self.verdict]
        return [*found, self.diagram, self.curves]

    def __str__(self) -> str:
        parts = self._parts()
        notes = [f"Note: {warning}" for warning in self.warnings]
        return "\n\n".join([*(str(part) for part in parts if part is not None), *notes])

    def _repr_html_(self) -> str:
        parts = self._parts()
        inner = [part._repr_html_() for part in parts if part is not None]
        notes = html.listing(f"Note: {warning}" for warning in self.warnings)
        return html.fragment(self.title, html.table(*self.table()), *inner, notes)


def analyze(
    system: Rule | Callable[[Any], Any],
    domain: Domain | None = None,
    *,
    conserved: Mapping[str, Any] | None = None,
    vary: Mapping[str, tuple[float, float]] | None = None,
    certify: bool = False,
    landscape: bool = False,
    seed: int = 0,
    name: str | None = None,
    warnings: Sequence[str] = (),
    stage: Callable[[str], None] | None = None,
) -> Analysis:
    """Find where a system rests, what repeats, and whether it goes down on an energy.

    This is what `thalweg analyze` does: `find_equilibria`, `find_cycles`, `check_descent` and
    `recover_energy`, each knowing what the others have found.

    Arguments:
        system: a `Flow` or a `Map` that does not depend on time; or an energy, which stands for its
            Euclidean steepest descent.
        domain: where to look; None means the domain that the system declares.
        conserved: the values of linear totals that the system conserves, by name, such as
            `{"A + B": 1.0}` (`conserved_quantities` names them); everything is then asked about the
            states that have them.
        vary: the range of a parameter by its name, such as `{"current": (0.0, 1.5)}`, over which
            to follow every branch (`bifurcation_diagram`); a conserved total may be one, too. Of
            two parameters the curves of bifurcations in their plane are followed instead
            (`bifurcation_curves`).
        certify: also prove that these are all equilibria (`find_equilibria`), in a box of up to
            three coordinates.
        landscape: also compute a function that falls wherever nothing recurs (`find_landscape`), as
            `verdict.landscape`, in a box of up to three coordinates.
        seed: the seed of everything random; 0 is what the verbs use unless told.
        name: what to call the system; the name of its class unless given.
        warnings: sentences that the result shall begin its warnings with.
        stage: told the name of each of `STAGES` as it begins, and of the branches.

    Returns:
        The analysis: prints as tables; `to_dict` is the JSON of the command line.

    Raises:
        InputError: the system does not fit the domain, depends on time, holds a parameter that is
            not finite, or is finite nowhere in the domain; `vary` is more than two parameters.

    Example:
        >>> import thalweg as tw
        >>> found = tw.analyze(tw.energies.FourWells())
        >>> len(found.equilibria), len(found.cycles), found.verdict.kind
        (9, 0, 'euclidean')
        >>> tw.Analysis.from_dict(found.to_dict()) == found
        True
    """
    if vary and len(vary) > _MOST_VARIED:
        raise InputError(
            f"vary must name one parameter or two, got {len(vary)}: {', '.join(vary)}."
        )
    rule = _rule_of(system)
    check_count("analyze: seed", seed, least=0)
    key = jax.random.key(seed) if seed else None
    told = stage or (lambda _: None)
    told(STAGES[0])
    equilibria = find_equilibria(rule, domain, conserved=conserved, certify=certify, key=key)
    domain = equilibria.about.domain
    verdict, cycles = _verdict_and_cycles(rule, domain, equilibria, key, landscape, told)
    told(STAGES[3])
    has_energy = declared_energy(rule) is not None
    descent = check_descent(rule, None, domain, key=key) if has_energy else None
    diagram = curves = None
    if vary:
        told(BRANCHES)
        where = _without(domain, conserved)
        known = {"conserved": conserved, "key": key}
        # Parameters of an energy are named without its descent's field.
        before = "" if rule is system else "energy."
        spans = {f"{before}{parameter}": span for parameter, span in vary.items()}
        if len(spans) == _MOST_VARIED:
            curves = bifurcation_curves(rule, spans, where, **known)
            first, second = vary
            curves = replace(curves, parameters=(first, second))
        else:
            ((field, span),) = spans.items()
            diagram = bifurcation_diagram(rule, field, span, where, cycles=cycles, **known)
            diagram = replace(diagram, parameter=next(iter(vary)))
    return Analysis(
        about=equilibria.about.called(type(system).__name__ if name is None else name),
        parameters=parameters(system),
        equilibria=equilibria,
        cycles=cycles,
        descent=descent,
        verdict=verdict,
        rule=rule,
        diagram=diagram,
        curves=curves,
        seed=seed,
        summary=_summary(system),
        warnings=tuple(warnings),
    )


def count_stages(vary: Mapping[str, Any] | None = None) -> int:
    """The number of stages of `analyze`: one more where a parameter varies."""
    return len(STAGES) + bool(vary)


def _without(domain: Domain | None, conserved: Mapping[str, Any] | None) -> Domain | None:
    """The domain on which totals are given their values: the box of a level set."""
    return domain.box if conserved and isinstance(domain, LevelSet) else domain


def _rule_of(system: Any) -> Any:
    """The rule that a system stands for; what is neither rule nor energy is left to the verbs."""
    is_energy = callable(system) and not inspect.isroutine(system) and not inspect.isclass(system)
    return system if isinstance(system, Rule) or not is_energy else SteepestDescent(system)


def _verdict_and_cycles(
    rule: Deterministic,
    domain: Domain | None,
    equilibria: Equilibria,
    key: jax.Array | None,
    landscape: bool,
    stage: Callable[[str], None],
) -> tuple[Verdict, Cycles]:
    """Metrics are asked for first: what descends in one needs no search for cycles.

    Only what is then still undecided is worth the levels that take seconds.
    """
    question = make_question(rule, domain, key=key, equilibria=equilibria)
    if landscape:
        refuse_landscape(question.problem)
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
    verdict = _with_split(question, verdict)
    return with_landscape(question, verdict, cycles) if landscape else verdict, cycles


def _with_split(question: Question, verdict: Verdict) -> Verdict:
    """A verdict without an energy, with the split of the rule besides what was asked already."""
    if verdict.energy is not None or verdict.split is not None:
        return verdict
    asked = [v for v in LEVELS if v in question.findings or isinstance(v, SplitLevel)]
    return ask(question, asked)


def _summary(system: object) -> str:
    """The first paragraph of a system's docstring, if somebody wrote one."""
    kind = type(system)
    text = (kind.__doc__ or "").strip()
    is_made_up = text.startswith(f"{kind.__name__}(")  # what a dataclass writes by itself
    return "" if is_made_up or not text else " ".join(text.split("\n\n")[0].split())
