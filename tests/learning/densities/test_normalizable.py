"""Tails that can be integrated and tails that cannot, told by the power of their density."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.learning.densities.normalizable import where_open


class HeavyTails(tw.Energy):
    """(s/2) log(1 + |x|²): at T the density falls as r^{−s/T}, and has a law where s/T > d."""

    power: Any

    def __call__(self, state):
        return 0.5 * self.power * jnp.log(1.0 + jnp.sum(state**2))


@pytest.mark.parametrize(
    ("power", "temperature", "is_open"),
    [(1.8, 1.0, True), (2.2, 1.0, False), (2.2, 1.5, True), (1.8, 0.5, False)],
)
def test_a_tail_has_a_law_where_its_power_exceeds_the_dimension(power, temperature, is_open):
    states = np.random.default_rng(0).standard_normal((50, 2))
    with jax.enable_x64(True):
        said = where_open(HeavyTails(np.asarray(power)), states, temperature)
    assert ("E/T grows no faster than 2 log r" in said) is is_open
    assert bool(said) is is_open
