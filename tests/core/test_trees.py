"""Numbers become arrays, states become vectors, modules are copied with changes."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import thalweg as tw
from thalweg.core.trees import (
    Layout,
    as_arrays,
    as_parameter,
    cast_like,
    has_tracer,
    in_float64,
    non_finite_leaves,
    replace,
)


class Inner(eqx.Module):
    rate: float = 0.5


class Model(eqx.Module):
    inner: tuple[Inner, ...]
    current: float = 1.0
    size: int = 3
    switch: bool = True
    label: str = eqx.field(static=True, default="model")


def test_floats_become_weak_arrays_and_sizes_stay():
    model: Any = as_arrays(Model((Inner(),)))
    assert model.current.weak_type
    assert model.inner[0].rate.weak_type
    assert type(model.size) is int
    assert model.switch is True
    assert (model.current * jnp.ones(2, jnp.float16)).dtype == jnp.float16


def test_an_integer_in_a_float_field_is_a_float():
    integer: Any = np.int64(1)
    model: Any = as_arrays(Model((Inner(rate=2),), current=integer))
    for leaf in (model.current, model.inner[0].rate):
        assert jnp.issubdtype(leaf.dtype, jnp.floating)


def test_a_string_annotation_counts_too():
    Late: Any = type("Late", (eqx.Module,), {"__annotations__": {"rate": "float"}})
    assert jnp.issubdtype(as_arrays(Late(1)).rate.dtype, jnp.floating)


def test_numpy_numbers_are_numbers_and_arrays_are_left_alone():
    array = np.arange(3.0)
    given_tree = {"scalar": np.linspace(0, 1, 5)[1], "array": array, "z": 1j}
    tree = as_arrays(given_tree)
    assert tree["scalar"].weak_type
    assert tree["array"] is array
    assert jnp.issubdtype(tree["z"].dtype, jnp.complexfloating)


def test_a_new_value_traces_once():
    traces = []

    @eqx.filter_jit
    def run(model, x):
        traces.append(1)
        return model.current * x * model.inner[0].rate

    values: list[Any] = [0.1, 0.2, 3, np.float64(0.4), np.int32(5)]
    for current in values:
        run(as_arrays(Model((Inner(0.7 * current),), current)), jnp.ones(2))
    assert len(traces) == 1


def test_in_float64_makes_everything_double():
    tree = {
        "python": 0.1,
        "weak": jnp.asarray(0.25),
        "single": jnp.full(2, 0.5, jnp.float32),
        "half": np.float16(0.5),
        "numpy": np.ones(2, np.float32),
        "complex": np.ones(1, np.complex64),
        "integer": np.arange(2),
        "none": None,
    }
    with jax.enable_x64(True):
        wide = in_float64(tree)
    dtypes = {name: leaf.dtype for name, leaf in wide.items() if leaf is not None}
    assert dtypes.pop("complex") == np.complex128
    assert dtypes.pop("integer") == np.int64
    assert set(dtypes.values()) == {np.dtype(np.float64)}
    assert float(wide["python"]) == 0.1
    # A single kind of array, however the number was given, so that nothing compiles twice.
    assert {type(wide[name]) for name in dtypes} == {np.ndarray}


def test_in_float64_works_on_traced_values():
    with jax.enable_x64(True):
        shape = jax.eval_shape(in_float64, jax.ShapeDtypeStruct((2,), np.float32))
    assert shape.dtype == np.float64


@pytest.mark.parametrize("wide", [False, True])
def test_cast_like_follows_the_state(wide):
    with jax.enable_x64(wide):
        assert cast_like(np.ones(2), jnp.ones(1, jnp.float32)).dtype == jnp.float32
        assert cast_like(2.0, {"a": jnp.ones(1, jnp.float16)}).dtype == jnp.float16
        default = np.float64 if wide else np.float32
        assert cast_like(1.0, np.ones(2)).dtype == default
        assert cast_like(1.0, 3).dtype == default


def test_as_parameter_reads_lists_and_keeps_arrays():
    array = jnp.ones(2)
    assert as_parameter(array) is array
    assert as_parameter(0.5) == 0.5
    assert as_parameter([1, 2]).dtype == np.float64
    assert as_parameter(np.arange(2)).dtype == np.float64
    assert jnp.issubdtype(as_parameter(jnp.arange(2)).dtype, jnp.floating)
    assert type(as_parameter(2)) is float
    with pytest.raises(tw.InputError, match="must hold numbers, got 'much'"):
        as_parameter("much")


def test_replace_skips_init_and_refuses_unknown_fields():
    class Checked(eqx.Module):
        doubled: float

        def __init__(self, value):
            self.doubled = 2 * value

    assert replace(Checked(1.0), doubled=5.0).doubled == 5.0
    model = Model((Inner(),))
    changed = replace(model, current=2.0)
    assert (changed.current, changed.inner, model.current) == (2.0, model.inner, 1.0)
    with pytest.raises(tw.InputError, match="no field 'speed'; its fields are inner, current"):
        replace(model, speed=1.0)


def test_non_finite_leaves_are_named():
    bad = Model((Inner(np.nan),), current=np.inf)
    assert non_finite_leaves(bad) == ["inner[0].rate = nan", "current = inf"]
    assert non_finite_leaves({"w": np.array([0.0, -np.inf]), "n": 1, "s": "x"}) == ["['w'] = -inf"]
    assert non_finite_leaves(Model((Inner(),))) == []


def test_has_tracer_only_while_traced():
    seen = []
    jax.eval_shape(lambda x: seen.append(has_tracer({"x": x})) or x, jnp.ones(1))
    assert seen == [True]
    assert not has_tracer({"x": jnp.ones(1)}, 1.0)


STATES = st.tuples(
    hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=3), elements=st.floats(-1, 1)),
    st.floats(-1, 1).map(np.float64),
)


@given(STATES)
def test_a_layout_flattens_and_brings_back(state):
    layout = Layout.of(state)
    vector = layout.flatten(state)
    assert vector.shape == (layout.size,) == (state[0].size + 1,)
    assert type(vector) is np.ndarray
    for old, new in zip(state, layout.unflatten(vector), strict=True):
        np.testing.assert_array_equal(old, new)
    batch = layout.unflatten(np.stack([vector, vector + 1]))
    assert batch[0].shape == (2, *state[0].shape)
    np.testing.assert_array_equal(layout.flatten(batch)[1], vector + 1)
    assert len(layout.labels()) == layout.size
    assert hash(layout) == hash(Layout.of(state))


def test_a_layout_says_what_does_not_fit():
    layout = Layout.of({"a": np.zeros((2, 2))})
    with pytest.raises(tw.InputError, match=r"leaf of shape \(3, 2\), expected \(2, 2\)"):
        layout.flatten({"a": np.zeros((3, 2))})
    with pytest.raises(tw.InputError, match=r"state must be {'a': \*}, got one array"):
        layout.flatten(np.zeros(4))
    with pytest.raises(tw.InputError, match="3 coordinates, expected 4"):
        layout.unflatten(np.zeros(3))


def test_labels():
    assert Layout.of(np.zeros(2)).labels() == ["x[0]", "x[1]"]
    assert Layout.of(0.0).labels() == ["x"]
    assert Layout.of((np.zeros(1), {"b": 0.0})).labels() == ["0[0]", "1.b"]
