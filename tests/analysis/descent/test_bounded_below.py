"""Falls that are hardly told from those that end; `test_covariant_descent` has the clear ones."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.analysis import check_bounded_below


class Slow(tw.Energy):
    """s·L^a, where L = log(1 + x²): for s < 0 < a without bound, for a < 0 < s above 0."""

    sign: Any
    power: Any

    def __call__(self, state):
        return self.sign * jnp.log(1.0 + jnp.sum(state**2)) ** self.power - 2.0


@pytest.mark.parametrize(
    # The fall over a decade of distance is .88 and .90 of the one before, against .68 and .74.
    ("sign", "power", "holds"),
    [(-1.0, 0.5, False), (1.0, -0.5, None)],
)
def test_a_fall_that_slows_down_may_end_or_not(sign, power, holds):
    slow = Slow(np.asarray(sign), np.asarray(power))
    assert check_bounded_below(slow, 1, rays=4).holds is holds
