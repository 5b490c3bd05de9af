"""Operations on known arrays: what NumPy makes of them is what JAX makes of them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from thalweg.dynamics.formulas.enclosures.known import carried_out, padded
from thalweg.dynamics.formulas.programs import read_program

_OPERATIONS = {
    "add": lambda x, y: x + y,
    "and": lambda x, y: (x > 1) & (y > 1),
    "and of bits": lambda x, y: x & y,
    "eq": lambda x, y: x == y,
    "ge": lambda x, y: x >= y,
    "iota": lambda x, y: x + lax.broadcasted_iota(x.dtype, (3, 4), 1),
    "le": lambda x, y: x <= y,
    "mul": lambda x, y: x * y * 100_000,
    "ne": lambda x, y: (x != y).astype(jnp.int16),
    "not": lambda x, y: ~x,
    "or": lambda x, y: (x < 2) | ~(y < 3),
    "pad": lambda x, y: lax.pad(x * y, jnp.asarray(9, x.dtype), ((1, -1, 0), (0, 2, 1))),
    "sub": lambda x, y: x - y,
    "by JAX": lambda x, y: jnp.cumsum(x, axis=0) // (y + 1),
}


@pytest.mark.parametrize("name", _OPERATIONS)
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_they_are_those_of_jax(name, dtype):
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, 5, (3, 4)).astype(dtype) for _ in range(2))
    with jax.enable_x64(True):
        wanted = np.asarray(_OPERATIONS[name](jnp.asarray(x), jnp.asarray(y)))
        program = read_program(_OPERATIONS[name], x, y)
        known = dict(zip(program.inputs, (x, y), strict=True))
        for equation in program.equations:
            operands = [
                known[o.number] if hasattr(o, "number") else np.asarray(o)
                for o in equation.operands
            ]
            known.update(zip(equation.results, carried_out(equation, operands), strict=True))
    found = known[program.outputs[0].number]
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_every_padding(length):
    array = np.arange(1, 1 + 2 * length).reshape(length, 2)
    for before, behind, between in itertools.product((-1, 0, 2), (-2, 0, 1), (0, 1, 2)):
        config = ((before, behind, between), (0, 1, 0))
        count = length + max(length - 1, 0) * between
        if before + behind + count < 0:
            continue
        wanted = np.asarray(lax.pad(jnp.asarray(array), 7, config))
        np.testing.assert_array_equal(padded(array, 7, config), wanted)
