"""What every diffusion owes: see `contract_laws`; the drift and the noise are asked together."""

import pytest
from tests.contract import contract_laws as laws
from tests.contract.contract_rows import DIFFUSION_CASES

from thalweg.dynamics.diffusions import noise_matrix

# Of the module's scope: pytest then asks all laws of one row before it goes to the next, whose
# programs are others.
every_diffusion = pytest.mark.parametrize(
    ("row", "state"),
    [case[1:] for case in DIFFUSION_CASES],
    ids=[case[0] for case in DIFFUSION_CASES],
    scope="module",
)


def parts(rule, state):
    return rule.drift(0.3, state), noise_matrix(rule, 0.3, state)[0]


@pytest.mark.long
@every_diffusion
def test_jit_and_vmap(row, state):
    laws.check_jit_and_vmap(parts, row.make(), state)


@pytest.mark.long
@every_diffusion
def test_derivatives_are_those_of_finite_differences(row, state):
    laws.check_derivatives(parts, row.make(), state, row.rtol)


@every_diffusion
def test_the_drift_is_shaped_and_typed_like_the_state(row, state):
    laws.check_dtypes(lambda rule, state: rule.trial(0.3, state), row.make(), state, state)


@every_diffusion
def test_a_new_parameter_value_does_not_trace_again(row, state):
    laws.check_one_trace(parts, row.make, state)


@every_diffusion
def test_nan_is_not_masked(row, state):
    laws.check_nan_is_not_masked(parts, row.make(), state)


@every_diffusion
def test_the_same_rule_gives_the_same_result(row, state):
    laws.check_reproducible(parts, row.make, state)
