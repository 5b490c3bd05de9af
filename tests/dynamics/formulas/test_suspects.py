"""Operations at which a program jumps are seen, in whatever words it is written."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from thalweg.dynamics.formulas.programs import read_program
from thalweg.dynamics.formulas.suspects import is_suspect, quantities_of

# Each jumps where x₀ passes .3 (an angle where x₁ passes 0).
JUMPS = {
    "a choice": lambda x: jnp.where(x[0] < 0.3, 1.0, 0.0),
    "a whole number": lambda x: (x[0] + 0.7).astype(int),
    "the index of the largest": lambda x: jnp.argmax(jnp.stack([x[0], 0.3 + 0.0 * x[0]])),
    "the index of the least": lambda x: jnp.argmin(jnp.stack([x[0], 0.3 + 0.0 * x[0], x[0] + 1])),
    "a table": lambda x: jnp.array([2.0, 5.0])[(x[0] + 0.7).astype(int)],
    "a remainder": lambda x: jnp.mod(x[0] + 0.7, 1.0),
    "an angle": lambda x: jnp.arctan2(x[1], x[0] - 1.0),
    "a sign that is copied": lambda x: jnp.copysign(1.0, x[0] - 0.3),
    "a search": lambda x: jnp.searchsorted(jnp.array([0.3, 0.8]), x[0]),
    "a loop": lambda x: jax.lax.fori_loop(0, 3, lambda k, n: n + k * jnp.sign(x[0] - 0.3), 0.0),
    "a scan": lambda x: jax.lax.scan(
        lambda n, place: (n + jnp.heaviside(x[0] - place, 0.5), None), 0.0, jnp.array([0.3, 2.0])
    )[0],
    "a branch": lambda x: jax.lax.cond(x[0] < 0.3, lambda: x[1], lambda: 2.0),
    "a choice in a branch": lambda x: jax.lax.cond(
        x[1] < 9.0, lambda: jnp.where(x[0] < 0.3, 1.0, 0.0), lambda: 2.0
    ),
}
SMOOTH = {
    "places in a table": lambda x: x[jnp.arange(2)] ** 2,
    "turns that are counted": lambda x: jax.lax.fori_loop(
        0, 5, lambda k, n: n + jnp.where(k < 3, x[0] ** 2, x[k % 2]), 0.0
    ),
}


def read(fn):
    return read_program(fn, jax.ShapeDtypeStruct((2,), np.float64))


def test_quantities_vanish_where_a_program_jumps():
    def all_of_them(x):
        return [jnp.concatenate(quantities_of(read(fn), x)) for fn in JUMPS.values()]

    with jax.enable_x64(True):
        at = jax.jit(jax.vmap(all_of_them))(jnp.array([[0.299, -0.001], [0.301, 0.001]]))
    found = {name: np.asarray(values) for name, values in zip(JUMPS, at, strict=True)}
    for name, (before, after) in found.items():
        assert np.any(before * after < 0.0), name
    assert found["a loop"].shape == (2, 3)  # one a turn


@pytest.mark.parametrize("name", SMOOTH)
def test_what_does_not_depend_on_the_state_is_no_suspect(name):
    with jax.enable_x64(True):
        program = read(SMOOTH[name])
    assert not any(is_suspect(program, equation) for equation in program.equations)
