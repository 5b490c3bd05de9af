"""JAX programs as SymPy expressions: compared with JAX at random points, and refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

import thalweg as tw
from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.primal import primal
from thalweg.dynamics.formulas.jax_to_sympy import exact_number, formulas
from thalweg.dynamics.formulas.programs import read_program

MATRIX = np.array([[1.0, -0.5, 2.0], [0.25, 3.0, -1.0]])

FUNCTIONS = {
    "products": lambda x: MATRIX @ x + jnp.dot(x, x),
    "elementary": lambda x: jnp.exp(-x) + jnp.log(x) * jnp.sqrt(x) + jnp.log1p(x) ** 2 - x**-2,
    "hyperbolic": lambda x: jnp.tanh(x) + jnp.cosh(x) / jnp.sinh(x) + jax.nn.sigmoid(x),
    "angles": lambda x: jnp.sin(x) * jnp.cos(x) + jnp.arctan2(x, 1.0 + x[::-1]),
    "moves": lambda x: jnp.concatenate([jnp.roll(x, 1), x[1:], x[:1] * x[jnp.array([2])]]),
    "stacks": lambda x: jnp.stack([x[0] * x[1], x[2], jnp.float64(2.0)]),
    "updates": lambda x: jnp.zeros(4).at[1].set(x[0] ** 3).at[jnp.array([0, 2])].set(x[1:]),
    "choices": lambda x: jnp.where(x > 0.5, x, -x) + jnp.maximum(x, 0.7) + jnp.clip(x, 0.2, 0.6),
    "reductions": lambda x: jnp.array([jnp.prod(x), jnp.max(x), jnp.min(x), jnp.mean(x)]),
    "sums": lambda x: jnp.cumsum(x) + jnp.einsum("i,j->i", x, x),
    "outer": lambda x: jnp.outer(x, x) @ x,
    "softmax": jax.nn.softmax,
    "gradient": jax.grad(lambda x: jnp.sum(jnp.logaddexp(x, -x)) + jnp.linalg.norm(x)),
    "called": jax.jit(lambda x: jax.vmap(lambda a: a * jnp.abs(a))(x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_formulas_agree_with_the_program(name):
    fn = FUNCTIONS[name]
    symbols = sp.symbols("a b c", real=True)
    point = np.array([0.3, 0.65, 1.2])
    with jax.enable_x64(True):
        (found,) = formulas(read_program(fn, np.ones(3)), [np.asarray(symbols, dtype=object)])
        expected = np.asarray(fn(jnp.asarray(point)))
    values = dict(zip(symbols, map(sp.Float, point), strict=True))
    got = [float(sp.N(expression.subs(values))) for expression in found.ravel()]
    np.testing.assert_allclose(np.reshape(got, found.shape), expected, rtol=1e-12)


@pytest.mark.long
def test_numbers_are_the_rationals_that_they_were_written_as():
    assert exact_number(0.1) == sp.Rational(1, 10)
    assert exact_number(np.float32(0.3)) == sp.Rational(3, 10)
    assert exact_number(1e-7) == sp.Rational(1, 10**7)
    assert exact_number(3) == 3


@pytest.mark.long
def test_what_has_no_exact_form_is_refused_by_name():
    def loop(x):
        return jax.lax.fori_loop(0, 3, lambda _, y: jnp.sin(y), x)

    with pytest.raises(tw.InputError, match=r"'scan'.*no exact form"):
        formulas(read_program(loop, np.ones(2)), [np.asarray(sp.symbols("a b"), dtype=object)])
    with pytest.raises(tw.InputError, match="not finite"):
        formulas(read_program(lambda x: x * np.inf, np.ones(1)), [np.asarray([sp.Integer(1)])])


@pytest.mark.parametrize("fill", [0.0, 1.0, None])
def test_what_an_index_beyond_the_end_fills_in_is_no_entry(fill):
    def shifted(x):
        return x.at[jnp.array([1, 2])].get(mode="fill", fill_value=fill)

    program, names = read_program(shifted, np.ones(2)), np.asarray(sp.symbols("a b"), dtype=object)
    if fill == 0.0:
        assert list(formulas(program, [names])[0]) == [sp.Symbol("b"), 0]
        return
    for read in (lambda: formulas(program, [names]), lambda: Enclosure(primal(shifted), 2)):
        with (
            jax.enable_x64(True),
            pytest.raises(tw.InputError, match="beyond the end of an array"),
        ):
            read()


@pytest.mark.long
def test_squares_from_one_and_polynomials_are_read_in_every_version_of_jax():
    def slopes(x):
        return jax.grad(lambda x: jnp.sum(jnp.tanh(x)))(x), jnp.polyval(jnp.array([3.0, 2.0]), x)

    names = np.asarray(sp.symbols("a b"), dtype=object)
    squares, lines = formulas(read_program(primal(slopes), np.ones(2)), [names])
    assert [sp.simplify(s - 1 + sp.tanh(x) ** 2) for s, x in zip(squares, names, strict=True)] == [
        0,
        0,
    ]
    assert [sp.expand(line - 3 * x - 2) for line, x in zip(lines, names, strict=True)] == [0, 0]
