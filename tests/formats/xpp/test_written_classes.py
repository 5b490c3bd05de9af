"""Classes that are written of models of XPP: they compute what was read."""

import math

import jax
import numpy as np
import pytest
from tests.formats.xpp.xpp_files import law, write

import thalweg as tw
from thalweg.formats import python_source, read_xpp
from thalweg.formats.xpp.names import class_name


def exported(model):
    """A model as the class that is written of it."""
    names = {}
    exec(compile(python_source(model), "exported", "exec"), names)
    return names[class_name(model)]()


def both(folder, text, state, name="model.ode"):
    """A file's rule and its exported class at one state."""
    rule = read_xpp(write(folder, text, name))
    with jax.enable_x64(True):
        found = [law(each, 0.5, state).tolist() for each in (rule, exported(rule.model))]
    return found


@pytest.mark.parametrize(
    "name",
    [
        'a""" + str(print("PWNED")) + """.ode',
        'a"""\nprint("PWNED")\nb = """.ode',
        "a\\.ode",
        'ends in a quote".ode',
        'a\\"""+print("PWNED")+""".ode',
        "caf\udce9 \x1b[31m.ode",
    ],
)
def test_the_name_of_a_file_stays_a_text(tmp_path, capsys, name):
    model = read_xpp(write(tmp_path, "x'=-x\n", name)).model
    assert str(type(exported(model)).__doc__).startswith("The flow of ")
    assert "PWNED" not in capsys.readouterr().out
    python_source(model).encode()
    if name.isprintable():
        assert type(exported(model)).__doc__ == f"The flow of {name}."


@pytest.mark.parametrize(
    ("text", "state", "expected"),
    [
        ("number a=-2\nx'=a^2-x\n", [0.0], [4.0]),  # a negative number is in brackets
        ("par lambda=1,lambda_=5\nx'=lambda-lambda_*x\n", [1.0], [-4.0]),
        ("lambda'=-lambda_+lambda\nlambda_=3*lambda\n", [3.0], [-6.0]),
        ("f(lambda,lambda_)=lambda-lambda_\nx'=f(x,1)\n", [3.0], [2.0]),
        ("f(jnp)=sin(jnp)+jnp_\njnp_=0\nx'=f(0*x)\n", [1.0], [0.0]),
        ("g(state)=state^2\nf(g)=g+g(2)\nx'=f(x)-g(x)\n", [3.0], [-2.0]),
        ("par tw=1,float=2,jnp=3,__a=4\nx'=tw+float+jnp+__a\n@ xp=x,xlo=0,xhi=1\n", [1.0], [10.0]),
        ("x'=(-8)^(1/3)+1/0-x\n", [1.0], [math.nan]),
        ("x'=-1/0-x\ny'=2^2000-x\n", [1.0, 1.0], [-math.inf, math.inf]),
        ("x'=3000000000*x+2^40/2^39\n", [1.0], [3000000002.0]),
        ("q=1\nx'=1/(q-1)-x\n", [1.0], [math.inf]),  # numbers by way of a name
        ("f(u)=1/u+u^-2\nx'=f(0)-x\n", [1.0], [math.inf]),  # and of an argument
        ("f(u,v)=g(v)+u\ng(u)=u^.5\nx'=f(x,-1)\n", [1.0], [math.nan]),
        ("par b=0,c=-1\nx'=c/b-x\ny'=c^.5\n", [1.0, 1.0], [-math.inf, math.nan]),
        ("x'=abs(-3)^-x+if(x>0)then(4)else(2)^-1+max(1,2)^-1\n", [1.0], [1 / 3 + 0.75]),
        ("f(u)=u^-1+2\nx'=f(4)*heav(1/t)+t^-1+x\n", [1.0], [5.25]),
        ("f(arg1,arg2)=arg1-arg2\ng(t,pi)=t-pi\nx'=f(x,3)+g(x,4)\n", [1.0], [-5.0]),
        ("rates=x\nself=rates\nx'=self+rates\n", [1.0], [2.0]),
    ],
)
def test_what_is_written_computes_what_was_read(tmp_path, text, state, expected):
    for found in both(tmp_path, text, state):
        np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.long
def test_a_long_sum_is_one(tmp_path):
    terms = "".join(f"{'+-'[i % 3 == 0]}{i}*x" for i in range(1500))
    expected = float(sum(-i if i % 3 == 0 else i for i in range(1500)))
    found = both(tmp_path, f"x'=1{terms}\n", [1.0])
    assert found == [[1.0 + expected]] * 2


@pytest.mark.long
def test_the_deepest_formula_that_is_read_is_carried_out_and_written(tmp_path):
    levels = "".join(f"q{i}=1+q{i + 1}\n" for i in range(48)) + "q48=x+1\n"
    text = f"x'=q0+x\ny'=x{'<2' * 99}\n{levels}"
    assert both(tmp_path, text, [1.0, 0.0]) == [[51.0, 1.0]] * 2
    with pytest.raises(tw.InputError, match=r"line 1: written out, .* too deep: 101 levels"):
        read_xpp(write(tmp_path, text.replace("q48=x+1", "q48=x+1+1")))


@pytest.mark.long
def test_the_time_of_a_map_is_a_number_too(tmp_path):
    rule = read_xpp(write(tmp_path, "x(t+1)=x+mod(t,3)^-1+2^-t\n"))
    with jax.enable_x64(True):
        for each in (rule, exported(rule.model)):
            assert law(each, 2, [1.0]).tolist() == [0.75]


@pytest.mark.long
def test_what_is_written_reads_like_a_model(tmp_path):
    text = "par k=2,tau=3\nhill(u)=u^2/(k+u^2)\nx'=(hill(x)-x/2)/tau+pi/2\n"
    lines = python_source(read_xpp(write(tmp_path, text)).model).splitlines()
    assert "            return u ** 2 / (self.k + u ** 2)" in lines
    assert "            (hill(x) - x / 2) / self.tau + jnp.pi / 2," in lines
