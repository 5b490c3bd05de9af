"""The proof that an energy that was found falls, where it is not only checked."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from thalweg.recovery.candidates.tensors import written_for_bounds
from thalweg.recovery.certificates.descent import LARGEST, Certificate, prove_descent
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import Question

_OUTCOMES = {"proved": "yes", "rises": "no", "open": "open"}


@dataclass(frozen=True)
class ProofLevel(Level):
    """Proof that an energy falls, where branch and bound in interval arithmetic gives one.

    Attributes:
        effort: how many numbers may be computed before it is given up: 5e8 take 2 to 5 seconds.
    """

    effort: float = 5e8

    name: ClassVar[str] = "fall is proved"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if an energy is thought to fall, in a box of few coordinates."""
        is_small = question.size <= LARGEST and question.chart.is_product
        return is_small and any(f.kind is not None and f.energy is not None for f in so_far)

    def ask(self, question: Question) -> Finding:
        """Prove it, or say where that fails."""
        found = question.findings.values()
        energy = next(f.energy for f in found if f.kind is not None and f.energy is not None)
        states = question.known_equilibria
        rests = [np.asarray(question.chart.coordinates(e.state)) for e in states]
        written = written_for_bounds(energy)
        proof = prove_descent(question.problem, written, rests, effort=self.effort)
        proof = replace(_in_region(question, proof), energy=energy)
        return Finding(_OUTCOMES[proof.outcome], None, proof.note, proof=proof)


def _in_region(question: Question, proof: Certificate) -> Certificate:
    """A proof, left open where it is about a place beyond a pole: there nothing is claimed."""
    if (
        proof.outcome != "rises"
        or proof.where is None
        or question.region.sees(proof.where[None])[0]
    ):
        return proof
    note = "Not proved: proofs are about the whole box, of which a pole cuts some off."
    return replace(proof, outcome="open", note=note, where=None)
