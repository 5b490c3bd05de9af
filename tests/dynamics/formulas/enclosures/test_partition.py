"""Searches of a region box by box: when they are not begun."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.partition import is_hopeless, search
from thalweg.dynamics.formulas.enclosures.primal import primal
from thalweg.dynamics.formulas.enclosures.products import bounds_of_value

_COUNT = 1000  # boxes that the effort is enough for


def _hopeless(fn, size):
    with jax.enable_x64(True):
        enclosure = Enclosure(primal(fn), size)
    effort = _COUNT * enclosure.size * (size + 2.0)
    return is_hopeless(enclosure, bounds_of_value, np.zeros(size), np.ones(size), effort)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_function_that_is_hard_at_one_wall_is_not_given_up(size):
    for side in range(size):
        for wall in (lambda x: x, lambda x: 1.0 - x):
            hard = lambda y, s=side, w=wall: jnp.where(w(y[s]) < 0.1, 1.0, -1.0)  # noqa: E731
            assert not _hopeless(hard, size)
    assert _hopeless(lambda y: 1.0 + 0.0 * y[0], size)


def test_what_small_boxes_decide_is_not_given_up_for_what_large_ones_do_not():
    """sin² + cos² − 3/2 = −1/2, whose bounds need boxes that are short for the waves."""
    waves = lambda y: jnp.sin(300.0 * y[0]) ** 2 + jnp.cos(300.0 * y[0]) ** 2 - 1.5  # noqa: E731
    with jax.enable_x64(True):
        enclosure = Enclosure(primal(waves), 1)
    for count, share in ((64, 0.0), (_COUNT, 1.0)):
        edges = np.linspace(0.0, 1.0, count + 1)[:, None]
        (values,), _ = enclosure(edges[:-1], edges[1:])
        assert np.mean(values.bounds[1] < 0.0) == share
    assert not _hopeless(waves, 1)


def test_boxes_that_are_dear_are_few_where_few_are_enough():
    """Dear ones begin with a batch; a cheap function may as well have its 256."""
    cheap = lambda y: -1.0 - jnp.sum(y**2)  # noqa: E731
    dear = lambda y: -1.0 - jnp.sum((y[:, None] + jnp.arange(500.0)[None]) ** 2)  # noqa: E731
    for fn, least, most in ((dear, 4, 64), (cheap, 256, 256)):
        with jax.enable_x64(True):
            enclosure = Enclosure(primal(fn), 2)
        never = lambda low, high: np.zeros(len(low), dtype=bool)  # noqa: E731
        found = search((enclosure,), bounds_of_value, -np.ones(2), np.ones(2), never, 1e9, 1e-6)
        assert found.outcome == "negative"
        assert least <= found.num_boxes <= most
