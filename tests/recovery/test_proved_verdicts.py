"""Verdicts keep apart what is proved and what is checked."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import Linear, pendulum, square

import thalweg as tw
from thalweg import recovery
from thalweg.recovery.verdict import Verdict

WELLS = tw.SteepestDescent(tw.energies.FourWells())
OF_CANDIDATES = [
    level for level in recovery.LEVELS if level.name in ("candidate", "fall is proved")
]


def line(verdict, name):
    return next(found for found in verdict.levels if found.name == name)


@pytest.mark.long
def test_an_energy_that_is_proved_to_fall_certifies_its_verdict():
    verdict = tw.recover_energy(WELLS, square(2.0))
    assert (verdict.kind, verdict.fall, verdict.certified) == ("euclidean", "proved", True)
    found = line(verdict, "fall is proved")
    assert found.outcome == "yes"
    assert found.note.startswith("Proved: the energy falls all over the region")
    assert "falls wherever the rule moves is proved" in str(verdict)
    data = verdict.to_dict()
    assert (data["fall"], data["certified"]) == ("proved", True)
    assert Verdict.from_dict(data).certified


def test_an_energy_that_was_only_looked_at_is_checked():
    verdict = tw.recover_energy(WELLS, square(2.0), thorough=False)
    assert (verdict.kind, verdict.fall, verdict.certified) == ("euclidean", "checked", False)
    assert "is checked, not proved" in str(verdict)


@pytest.mark.long
def test_a_refutation_is_not_certified_by_an_energy_that_falls():
    verdict = tw.recover_energy(pendulum(0.5), square(2.0), cycles=())
    assert (verdict.kind, verdict.fall, verdict.certified) == ("refuted", "proved", False)


@pytest.mark.long
def test_a_candidate_that_rises_in_a_spot_between_the_samples_is_withdrawn():
    spot = np.array([0.6312, -0.2718])

    def energy(x):
        return jnp.sum(x**2) + 2e-3 * jnp.exp(-jnp.sum((x - spot) ** 2) / 5e-4**2)

    rule = Linear(-np.eye(2))
    asked = recovery.make_question(rule, square(1.0), candidates=[energy])
    seen = recovery.ask(asked, OF_CANDIDATES[:1])
    assert (seen.kind, seen.fall) == ("lyapunov", "checked")  # the check cannot see it
    verdict = recovery.ask(asked, OF_CANDIDATES)
    assert verdict.kind == "undecided"
    assert verdict.energy is None
    assert verdict.candidate is energy
    assert verdict.fall is None
    assert "proved to rise" in line(verdict, "fall is proved").note


@pytest.mark.long
def test_a_candidate_that_falls_is_certified():
    rule = Linear(np.array([[-1.0, 3.0], [-3.0, -1.0]]))
    verdict = tw.recover_energy(
        rule, square(1.0), candidates=[lambda x: jnp.sum(x**2)], levels=OF_CANDIDATES
    )
    assert (verdict.kind, verdict.certified) == ("lyapunov", True)
    assert "in this one it is proved" in str(verdict)
    notes = [level.note for level in verdict.levels]
    assert any(note.endswith("Checked here; proved by another level.") for note in notes)
    assert not any("not proved" in note for note in notes)
