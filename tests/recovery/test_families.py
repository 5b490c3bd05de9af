"""Families of known answer, ten keys each: no false yes, no false no, and one answer for all keys.

Of each family a system is drawn for each key, and the first of them is asked again under every key.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.families import FAMILIES, in_blocks
from tests.zoo import Linear, square

import thalweg as tw

pytestmark = pytest.mark.long

KEYS = range(10)
EXCLUDING = "equilibria exclude a metric"
# What refutes these is a search for cycles; elsewhere it is spared.
WITH_CYCLES = ("limit cycles", "cycles that turn slowly", "a cycle in a cycle", "unstable cycles")
# No energy falls along these.
WITHOUT_ENERGY = (*WITH_CYCLES, "driven angles", "driven tori", "tori without divergence")


def member(draw, number):
    """In float64: rounded coefficients of a product are no product."""
    with jax.enable_x64(True):
        return jax.tree.map(jnp.asarray, draw(np.random.default_rng(number)))


def ask(rule, domain, key):
    cycles = None if any(domain is FAMILIES[name][1] for name in WITH_CYCLES) else ()
    return tw.recover_energy(rule, domain, key=jax.random.key(key), cycles=cycles)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_member_gets_its_answer(name):
    draw, domain, kinds = FAMILIES[name]
    for key in KEYS:
        verdict = ask(member(draw, key), domain, key)
        assert verdict.kind in kinds, (name, key, str(verdict))
        if name in ("turned wells", "pendulums"):
            assert verdict.energy is not None, (name, key, str(verdict))
        if name in WITHOUT_ENERGY:
            assert verdict.energy is None, (name, key, str(verdict))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_answer_does_not_depend_on_the_key(name):
    draw, domain, _ = FAMILIES[name]
    verdicts = [ask(member(draw, 0), domain, key) for key in KEYS]
    assert len({verdict.kind for verdict in verdicts}) == 1
    assert len({verdict.energy is None for verdict in verdicts}) == 1


@pytest.mark.parametrize("links", [0, 1, 2])
def test_what_shares_eigenvalues_is_refuted_where_it_lacks_eigenvectors(links):
    levels = [
        x for x in tw.recovery.LEVELS if x.name in (EXCLUDING, "euclidean", "constant-metric")
    ]
    for number in range(80):
        rule = member(lambda rng: Linear(in_blocks(rng, links)), number)
        verdict = tw.recover_energy(rule, square(1.0, 4), cycles=(), levels=levels)
        assert (verdict.kind == "refuted") == (links > 0), (number, str(verdict))
        if links:
            assert verdict.witness is not None
            assert verdict.witness.to_dict()["reason"] == "not diagonalizable"
