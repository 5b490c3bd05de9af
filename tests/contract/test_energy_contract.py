"""What every energy owes: see `contract_laws`."""

import jax
import numpy as np
import pytest
from tests.contract import contract_laws as laws
from tests.contract.contract_rows import ENERGY_CASES

# Of the module's scope: pytest then asks all laws of one row before it goes to the next, whose
# programs are others.
every_energy = pytest.mark.parametrize(
    ("row", "state"),
    [case[1:] for case in ENERGY_CASES],
    ids=[case[0] for case in ENERGY_CASES],
    scope="module",
)


def evaluate(energy, state):
    return energy(state)


@pytest.mark.long
@every_energy
def test_jit_and_vmap(row, state):
    laws.check_jit_and_vmap(evaluate, row.make(), state)


@pytest.mark.long
@every_energy
def test_gradient_is_that_of_finite_differences(row, state):
    laws.check_derivatives(evaluate, row.make(), state, row.rtol)


@every_energy
def test_result_is_a_scalar_of_the_states_dtype(row, state):
    laws.check_dtypes(evaluate, row.make(), state, np.zeros(()))


@every_energy
def test_a_new_parameter_value_does_not_trace_again(row, state):
    laws.check_one_trace(evaluate, row.make, state)


@every_energy
def test_nan_is_not_masked(row, state):
    laws.check_nan_is_not_masked(evaluate, row.make(), state)


@pytest.mark.long
def test_rows_are_told_apart():
    names = [case[0] for case in ENERGY_CASES]
    assert len(set(names)) == len(names)
    assert all(
        np.all(np.isfinite(leaf)) for case in ENERGY_CASES for leaf in jax.tree.leaves(case[2])
    )
