"""What every kernel owes: see `contract_laws`; a draw has no derivative to check."""

import jax
import numpy as np
import pytest
from tests.contract import contract_laws as laws
from tests.contract.contract_rows import KERNEL_CASES

# Of the module's scope: pytest then asks all laws of one row before it goes to the next, whose
# programs are others.
every_kernel = pytest.mark.parametrize(
    ("row", "state"),
    [case[1:] for case in KERNEL_CASES],
    ids=[case[0] for case in KERNEL_CASES],
    scope="module",
)


def draw(kernel, state):
    return kernel.draw(jax.random.key(8), 5, state)  # with this key every spin is visited


@pytest.mark.long
@every_kernel
def test_jit_and_vmap(row, state):
    laws.check_jit_and_vmap(draw, row.make(), state)


@every_kernel
def test_result_is_shaped_and_typed_like_the_state(row, state):
    laws.check_dtypes(draw, row.make(), state, state)


@pytest.mark.long
@every_kernel
def test_a_new_parameter_value_does_not_trace_again(row, state):
    laws.check_one_trace(draw, row.make, state)


@every_kernel
def test_nan_is_not_masked(row, state):
    laws.check_nan_is_not_masked(draw, row.make(), state)


@every_kernel
def test_the_same_key_gives_the_same_draw(row, state):
    laws.check_reproducible(draw, row.make, state)


def draws(kernel, state):
    """Draws of 20 keys, stacked."""
    return jax.vmap(lambda key: kernel.draw(key, 5, state))(jax.random.split(jax.random.key(0), 20))


@pytest.mark.long
@every_kernel
def test_other_keys_give_other_draws(row, state):
    found = jax.tree.leaves(laws.run(draws, row.make(), state))[0]
    assert len(np.unique(found[:2].reshape(40, -1), axis=0)) > 1
