"""A domain that is none, or of another size than the rule names, or not given: what to write."""

import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw

TANH = tw.as_map(lambda h: jnp.tanh(1.5 * h))


class Membrane(tw.Flow):
    state_names = ("v", "w")

    def velocity(self, t, state):
        return -state


class Overnamed(tw.Flow):
    state_names = ("v", "w", "u")
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def velocity(self, t, state):
        return -state


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ([[0, 1], [0, 2], [0, 3]], r"Write Box\(\[0, 0, 0\], \[1, 2, 3\]\): the lower corner"),
        ([[0, 1], [0, 1]], r"Write Box\(\[0, 0\], \[1, 1\]\): the lower corner, then the upper"),
        (([-3, -2], [3, 2]), r"Write Box\(\[-3, -2\], \[3, 2\]\): the lower"),
        ([[0, 1], [2, 3]], r"Write Box\(\[0, 2\], \[1, 3\]\) or Box\(\[0, 1\], \[2, 3\]\): the"),
        (np.array([[-1.5, 1.5]]), r"Write Box\(\[-1\.5\], \[1\.5\]\): the lower"),
        ((0, 1), r"got \(0, 1\)\. Write Box\(0, 1\)\.$"),
        ({"v": (0, 1), "w": (0, 2)}, r'Write Box\(\{"v": 0, "w": 0\}, \{"v": 1, "w": 2\}\)\.$'),
        ((1, 0), r"got \(1, 0\)\.$"),
        ([[1, 0]], r"got \[\[1, 0\]\]\.$"),
        ("plane", r"got 'plane'\.$"),
        ({"v": 1}, r"got \{'v': 1\}\.$"),
    ],
)
def test_bounds_that_are_no_box(domain, words):
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(Membrane(), domain)


def test_a_domain_of_another_size_than_the_rule_names():
    words = r"^domain has 3 coordinates, but Membrane names 2: v, w\.$"
    for verb in (tw.find_equilibria, tw.recover_energy, tw.analyze):
        with pytest.raises(tw.InputError, match=words):
            verb(Membrane(), tw.Box([0.0] * 3, [1.0] * 3))


def test_names_that_do_not_fit_the_domain_of_the_class_are_to_blame():
    with pytest.raises(tw.InputError, match=r"^Overnamed\.state_names has 3 names"):
        tw.find_equilibria(Overnamed())


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (TANH, r"or make it with one: as_map\(f, domain=Box\(…\)\)"),
        (tw.as_flow(lambda x: -x), r"or make it with one: as_flow\(f, domain=Box\(…\)\)"),
        (Membrane(), r"for example Box\(\[-3, -3\], \[3, 3\]\), or declare `domain = Box\(…\)` on"),
    ],
)
def test_a_rule_without_a_domain(rule, words):
    with pytest.raises(tw.InputError, match=rf"declares no domain: pass one.*{words}"):
        tw.recover_energy(rule)
    with pytest.raises(tw.InputError, match=rf"{words}.*Recorded states will do, too: starts=…\.$"):
        tw.find_equilibria(rule)


def test_numbers_that_may_be_one_state_or_many():
    words = (
        r"got shape \(5,\)\. Of one state of 5 coordinates write starts\[None\], of 5 states of "
        r"one coordinate starts\[:, None\]\.$"
    )
    starts = jnp.ones(5) * 0.3
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(TANH, starts=starts)
    for states, size in ((starts[None], 5), (starts[:, None], 1)):
        domain = tw.find_equilibria(TANH, starts=states).about.domain
        assert isinstance(domain, tw.Box)
        assert domain.dimension == size
