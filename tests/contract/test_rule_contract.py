"""What every rule owes: see `contract_laws`; the built-in systems are enrolled by the registry."""

import pytest
from tests.contract import contract_laws as laws
from tests.contract.contract_rows import RULE_CASES

# Of the module's scope: pytest then asks all laws of one row before it goes to the next, whose
# programs are others.
every_rule = pytest.mark.parametrize(
    ("row", "state"),
    [case[1:] for case in RULE_CASES],
    ids=[case[0] for case in RULE_CASES],
    scope="module",
)


def displace(rule, state):
    return rule.displacement(0.3 if rule.has_continuous_time else 3, state)


@pytest.mark.long
@every_rule
def test_jit_and_vmap(row, state):
    laws.check_jit_and_vmap(displace, row.make(), state)


@pytest.mark.long
@every_rule
def test_derivatives_are_those_of_finite_differences(row, state):
    laws.check_derivatives(displace, row.make(), state, row.rtol, row.keeps_sum)


@every_rule
def test_result_is_shaped_and_typed_like_the_state(row, state):
    laws.check_dtypes(displace, row.make(), state, state)


@every_rule
def test_a_new_parameter_value_does_not_trace_again(row, state):
    laws.check_one_trace(displace, row.make, state)


@every_rule
def test_nan_is_not_masked(row, state):
    laws.check_nan_is_not_masked(displace, row.make(), state)


@every_rule
def test_the_same_rule_gives_the_same_result(row, state):
    laws.check_reproducible(displace, row.make, state)
