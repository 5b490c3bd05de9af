"""The ladder: levels that are asked in order, remembered, left out and added."""

import importlib
import inspect
import json
import pkgutil
from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import cube
from tests.zoo import Linear, LinearMap, square

import thalweg as tw
from thalweg import recovery
from thalweg.recovery import LEVELS, Cost, Finding, Findings, Kind, Level, Question

SQUARE = cube(-1.0, 1.0, 2)
SPIRAL = [[-1.0, 2.0], [-2.0, -1.0]]


def named(name):
    return next(level for level in LEVELS if level.name == name)


@dataclass(frozen=True)
class SumOfSquares(Level):
    """A level of somebody else's: does |x|² fall along a linear rule?"""

    asked: Any  # a list that counts

    name: ClassVar[str] = "sum of squares"
    cost: ClassVar[Cost] = Cost.CHEAP

    def __hash__(self):
        return hash(self.name)

    def applies(self, question: Question, so_far: Findings) -> bool:
        return not so_far.has_metric

    def ask(self, question: Question) -> Finding:
        self.asked.append(question)
        assert isinstance(question.rule, Linear)
        matrix = np.asarray(question.rule.matrix)
        falls = bool(np.all(np.linalg.eigvalsh(matrix + matrix.T) < 0.0))
        energy = tw.energies.Quadratic(jnp.eye(2))
        return Finding("yes" if falls else "no", None, "Seen.", Kind.LYAPUNOV, energy, aside="Yet.")


def test_a_level_is_added_by_one_class_and_one_row():
    asked = []
    verdict = tw.recover_energy(
        Linear(jnp.asarray(SPIRAL)), SQUARE, levels=[SumOfSquares(asked), *LEVELS], thorough=False
    )
    assert verdict.kind == "refuted"  # which is stronger
    assert [found.name for found in verdict.levels][:2] == ["sum of squares", "euclidean"]
    assert verdict.energy is not None
    assert "Yet." in verdict.sentences()
    assert len(asked) == 1


def test_fewer_levels_can_be_asked():
    rule = Linear(jnp.asarray([[-2.0, 1.0], [4.0, -3.0]]))
    whole = tw.recover_energy(rule, SQUARE, thorough=False)
    assert whole.kind == "constant-metric"
    part = tw.recover_energy(rule, SQUARE, levels=[named("euclidean")])
    assert part.kind == "undecided"
    assert part.levels == whole.levels[:1]
    alone = tw.recover_energy(rule, SQUARE, levels=[named("constant-metric")])
    assert alone.kind == "constant-metric"
    with pytest.raises(tw.InputError, match=r"levels must hold Levels .*'euclidean'"):
        tw.recover_energy(rule, SQUARE, levels=["euclidean"])  # pyright: ignore[reportArgumentType]


def test_a_question_walks_on_and_keeps_what_was_found():
    asked = []
    levels = [SumOfSquares(asked), named("euclidean"), named("split")]
    question = recovery.make_question(Linear(jnp.asarray([[1.0, 2.0], [-2.0, 1.0]])), SQUARE)
    cheap = recovery.ask(question, levels, thorough=False)
    assert [found.name for found in cheap.levels] == ["sum of squares", "euclidean"]
    found = dict(question.findings)
    whole = recovery.ask(question, [*levels, named("equilibria exclude a metric")])
    assert whole.levels[:2] == cheap.levels
    assert all(question.findings[level] is found[level] for level in found)
    assert len(asked) == 1


def test_a_refuted_rule_may_have_an_energy_and_says_where_none_was_looked_for():
    spiral = tw.recover_energy(Linear(jnp.asarray(SPIRAL)), SQUARE, thorough=False)
    assert spiral.kind == "refuted"
    assert spiral.is_fall_open
    assert "An energy may fall along it all the same: none was looked for" in str(spiral)
    whole = tw.recover_energy(Linear(jnp.asarray(SPIRAL)), SQUARE)
    assert whole.asides
    assert not whole.is_fall_open
    assert "none was looked for" not in str(whole)
    turning = tw.recover_energy(tw.models.VanDerPol(), thorough=False)
    cycle = tw.recover_energy(
        tw.models.VanDerPol(), cycles=tw.find_cycles(tw.models.VanDerPol()), thorough=False
    )
    assert turning.is_fall_open
    assert not cycle.is_fall_open


def test_a_cycle_that_becomes_known_takes_back_a_metric_of_full_steps():
    """x⁺ = −x / 2, and a 2-cycle that there is not: points and hunts could not have met it."""
    ends = np.array([[0.5], [-0.5]])
    swap = tw.Cycle(
        period=2.0, point=ends[0], multipliers=np.ones(1), trivial=None, stable=False,
        kind="neutral", states=ends, times=np.arange(2.0), residual=0.0, accuracy=0.0,
    )  # fmt: skip
    turn = LinearMap(np.array([[-0.5]]))
    question = recovery.make_question(turn, square(1.0, 1), equilibria=())
    first = recovery.ask(question, thorough=False)
    assert first.kind == "euclidean"
    question.learn_cycles([])
    assert recovery.ask(question, thorough=False).levels == first.levels
    question.learn_cycles([swap])
    second = recovery.ask(question, thorough=False)
    assert second.kind == "refuted"
    assert second.levels[0].outcome == "yes"
    assert "full steps" in second.levels[0].note


def test_kinds_are_the_strings_of_the_contract():
    assert {str(kind) for kind in Kind} == {
        "euclidean", "constant-metric", "diagonal-metric", "given-metric", "lyapunov", "refuted",
        "undecided",
    }  # fmt: skip
    assert Kind("refuted") is Kind.REFUTED == "refuted"
    assert f"{Kind.REFUTED}, {Kind.REFUTED!r}" == "refuted, 'refuted'"
    assert json.dumps([Kind.GIVEN_METRIC]) == '["given-metric"]'
    assert [kind.value for kind in Kind if kind.has_metric] == [
        "euclidean", "constant-metric", "diagonal-metric", "given-metric",
    ]  # fmt: skip
    strengths = [k.strength for k in (Kind.UNDECIDED, Kind.LYAPUNOV, Kind.REFUTED, Kind.EUCLIDEAN)]
    assert strengths == sorted(set(strengths))


@pytest.mark.long
def test_every_level_is_a_row_of_the_ladder():
    """A module with a level that nobody enrolled would never be asked."""
    enrolled = {type(level) for level in LEVELS}
    for module in pkgutil.walk_packages(recovery.__path__, "thalweg.recovery."):
        importlib.import_module(module.name)
    known = {cls for cls in Level.__subclasses__() if cls.__module__.startswith("thalweg.")}
    assert known == enrolled
    assert not any(inspect.isabstract(cls) for cls in enrolled)
    names = [level.name for level in LEVELS]
    assert len(set(names)) == len(names)
    assert type(LEVELS[0])() == LEVELS[0] != LEVELS[1]
