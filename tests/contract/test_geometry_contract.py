"""What every geometry owes: `contract_laws` for `sharp`, and the laws of a metric."""

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract import contract_laws as laws
from tests.contract.contract_rows import GEOMETRY_CASES

from thalweg.core.trees import Layout, as_arrays
from thalweg.geometry import check_metric, pairing

# Of the module's scope: pytest then asks all laws of one row before it goes to the next, whose
# programs are others.
every_geometry = pytest.mark.parametrize(
    ("row", "state"),
    [case[1:] for case in GEOMETRY_CASES],
    ids=[case[0] for case in GEOMETRY_CASES],
    scope="module",
)


def raise_index(geometry, pair):
    return geometry.sharp(*pair)


def lower_index(geometry, pair):
    return geometry.flat(*pair)


def with_covector(state):
    return state, laws.random_like(state, 5)


@pytest.mark.long
@every_geometry
def test_jit_and_vmap(row, state):
    laws.check_jit_and_vmap(raise_index, row.make(), with_covector(state))


@pytest.mark.long
@every_geometry
def test_derivatives_are_those_of_finite_differences(row, state):
    laws.check_derivatives(raise_index, row.make(), with_covector(state), row.rtol)


@every_geometry
def test_result_is_shaped_and_typed_like_the_state(row, state):
    for call in (raise_index, lower_index):
        laws.check_dtypes(call, row.make(), with_covector(state), state)


@every_geometry
def test_a_new_parameter_value_does_not_trace_again(row, state):
    laws.check_one_trace(raise_index, row.make, with_covector(state))


@every_geometry
def test_nan_is_not_masked(row, state):
    laws.check_nan_is_not_masked(raise_index, row.make(), with_covector(state))


@every_geometry
def test_it_passes_its_own_check(row, state):
    check_metric(row.make(), jax.tree.map(lambda leaf: leaf[None], state))


@eqx.filter_jit
def evidence(geometry, x, p, q):
    """Everything the laws speak of, for two covectors at a state."""
    u, v = geometry.sharp(x, p), geometry.sharp(x, q)
    lowered = geometry.flat(x, v)
    both = geometry.sharp(x, jax.tree.map(lambda a, b: 2.0 * a - b, p, q))
    return {
        "u": u,
        "v": v,
        "again": geometry.sharp(x, lowered),
        "linear": (both, jax.tree.map(lambda a, b: 2.0 * a - b, u, v)),
        "uv": geometry.inner(x, u, v),
        "vu": geometry.inner(x, v, u),
        "uu": geometry.inner(x, u, u),
        "norm": geometry.norm(x, u),
        "p(u)": pairing(p, u),
        "p(v)": pairing(p, v),
        "q(u)": pairing(q, u),
        "flat v(u)": pairing(lowered, u),
    }


@pytest.mark.long
@every_geometry
@given(data=st.data())
def test_laws_of_a_metric(row, state, data):
    """`sharp` inverts `flat` on tangent vectors; `inner` is an inner product; energies descend."""
    layout = Layout.of(state)
    number = st.floats(-3.0, 3.0, allow_subnormal=False)
    numbers = st.lists(number, min_size=layout.size, max_size=layout.size)
    p, q = (layout.unflatten(np.array(data.draw(numbers))) for _ in range(2))
    with jax.enable_x64(True):
        found = jax.tree.map(np.asarray, evidence(as_arrays(row.make()), state, p, q))
    laws.close(found["again"], found["v"], rtol=1e-12, atol=1e-13)
    laws.close(found["linear"][0], found["linear"][1], rtol=1e-12, atol=1e-13)
    same = [found[name] for name in ("uv", "vu", "p(v)", "q(u)", "flat v(u)")]
    np.testing.assert_allclose(same, same[0], atol=1e-12)
    np.testing.assert_allclose(found["uu"], found["p(u)"], atol=1e-12)
    np.testing.assert_allclose(found["norm"] ** 2, found["uu"], atol=1e-12)
    # Every covector p is the gradient of an energy, whose rate along −sharp(p) is −p(u).
    assert -found["p(u)"] <= 0.0 or abs(found["p(u)"]) < 1e-15
    if max(np.max(np.abs(leaf)) for leaf in jax.tree.leaves(found["u"])) > 1e-6:
        assert found["uu"] > 0.0
