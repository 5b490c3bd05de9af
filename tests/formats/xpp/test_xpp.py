"""`.ode` files: what is read, that it is right, and what is refused."""

import importlib.util
import math

import equinox as eqx
import jax
import numpy as np
import pytest
from tests.formats.xpp.xpp_files import GROWTH, MEMBRANE, law, write

import thalweg as tw
from thalweg.core.parameters import parameters
from thalweg.formats import python_source, read_xpp
from thalweg.formats.xpp.evaluate import Evaluation
from thalweg.formats.xpp.reading import read_xpp_model


def membrane(v, w, iapp=0.1, phi=0.333):
    """The model of the file by hand."""
    m = 0.5 * (1 + math.tanh((v + 0.01) / 0.15))
    n = 0.5 * (1 + math.tanh((v - 0.1) / (2 * phi)))
    tau = 1 + v if v > 0 else 1.0
    ica = 1.33 * m * (v - 1)
    return [iapp - 0.5 * (v + 0.5) - 2 * w * (v + 0.7) - ica, phi * (n - w) / tau], ica


def test_a_flow_is_what_its_file_says(tmp_path):
    rule = read_xpp(write(tmp_path, MEMBRANE))
    assert rule.rule_kind == "flow"
    assert rule.state_names == ("V", "W")
    assert type(rule).__name__ == "Model"
    assert rule.domain.to_dict()["lower"] == [-0.6, -0.25]
    assert rule.start.tolist() == [0.05, 0.333 / 2]
    assert (rule.GCa, rule.phi) == (1.33, 0.333)
    with jax.enable_x64(True):
        for state in ([0.2, 0.3], [-0.4, 0.1]):
            expected, calcium = membrane(*state)
            found = law(rule, 0.7, state)
            np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)
            shown = eqx.filter_jit(rule.quantities)(0.0, np.array(state))
            assert float(shown["I.Ca"]) == pytest.approx(calcium, rel=1e-14)
            assert float(shown["half"]) == pytest.approx(0.666, rel=1e-14)


def test_a_parameter_is_a_field(tmp_path):
    rule = type(read_xpp(write(tmp_path, MEMBRANE)))(iapp=0.4, phi=0.5)
    with jax.enable_x64(True):
        found = law(rule, 0.0, [0.2, 0.3])
    np.testing.assert_allclose(found, membrane(0.2, 0.3, 0.4, 0.5)[0], rtol=1e-14)
    assert rule.start[1] == 0.25


def test_single_precision_stays(tmp_path):
    rule = read_xpp(write(tmp_path, MEMBRANE))
    state = jax.ShapeDtypeStruct((2,), np.float32)
    assert jax.eval_shape(lambda x: rule.velocity(0.0, x), state).dtype == np.float32


def test_a_map_is_what_its_file_says(tmp_path):
    rule = read_xpp(write(tmp_path, GROWTH))
    assert rule.rule_kind == "map"
    assert rule.start.tolist() == [0.3, 0.0]
    run = tw.simulate(rule, rule.start, steps=3)
    x, expected = 0.3, [[0.3, 0.0]]
    for t in range(3):
        expected.append([3.2 * x * (1 - x), x + t / 2])
        x = expected[-1][0]
    np.testing.assert_allclose(run.states, expected, rtol=1e-5)


def test_a_differential_equation_is_a_map_where_the_method_is_discrete(tmp_path):
    text = "x'=x/2\npar a=1\n@ meth=discrete\n"
    assert read_xpp(write(tmp_path, text)).rule_kind == "map"


# How XPP 6.11 itself reads each of these: measured by one Euler step of it.
READINGS = {
    "-3^2": -9.0,
    "-2^2*3": -12.0,
    "2^3^2": 64.0,
    "2**3": 8.0,
    "1-2-3+8/2/2": -2.0,
    "mod(-1.5,1)": 0.5,
    "mod(5.5,-2)": 1.5,
    "mod(-5,-3)": -5.0,
    "mod(5,-3)": 2.0,
    "mod(-7.5,-2)": -3.5,
    "mod(-6,-3)": 0.0,
    "flr(-1.5)": -2.0,
    "log(10)": 2.302585092994046,
    "ln(10)": 2.302585092994046,
    "log10(100)": 2.0,
    "sign(0)+10*heav(0)": 10.0,
    "heav(-.1)": 0.0,
    "1|0&0": 1.0,
    "3>2>1": 0.0,
    "not(0)": 1.0,
    "2<1+3": 3.0,
    "2*3<4": 2.0,
    "1-2<3": 0.0,
    "2^1<3": 1.0,
    "-1<0": 0.0,
    "3-1&0": 3.0,
    "2*1|0": 1.0,
    "3&1*2": 2.0,
    "1|0+1": 2.0,
    "1+1|0": 1.0,
    "1<2<3*4": 4.0,
    "-3&1": 1.0,
    "if(.3)then(1)else(2)": 1.0,
    "max(1,2)*10+min(3,4)": 23.0,
    "atan2(1,2)": 0.4636476090008061,
    "erf(.5)": 0.5204998778130465,
    "lgamma(3)": 0.6931471805599453,
    "1.e-4*.5E2": 0.005,
    "2*pi": 2 * math.pi,
    "SIN(1)": math.sin(1),
    "-(-3)": 3.0,
}


def test_formulas_are_read_as_xpp_reads_them(tmp_path):
    lines = [f"x{i}'={text}\n" for i, text in enumerate(READINGS)]
    model = read_xpp_model(write(tmp_path, "".join(lines)))
    with jax.enable_x64(True):
        values = jax.jit(lambda: [Evaluation(model, {}).of(rate) for rate in model.rates])()
    found = dict(zip(READINGS, map(float, values), strict=True))
    assert found == pytest.approx(READINGS, rel=1e-14)


def test_quantities_are_computed_in_the_order_in_which_they_are_needed(tmp_path):
    text = "x'=f(x)+late\nlate=later+1\nf(u)=u*later\nlater=x+k\npar k=2\n"
    rule = read_xpp(write(tmp_path, text))
    assert law(rule, 0.0, [3.0])[0] == 3 * 5 + 5 + 1


def test_an_auxiliary_may_have_the_name_of_what_it_is_computed_from(tmp_path):
    path = tmp_path / "current.ode"
    path.write_text("ICa=2*(x-1)\naux ICa=3*ICa\nx'=-x+ICa\ndone\n")
    shown = read_xpp(path).quantities(0.0, np.array([1.5]))
    assert {name: float(value) for name, value in shown.items()} == {"ica": 1.0, "ICa": 3.0}


def test_what_a_file_folds_is_an_angle(tmp_path):
    text = "x'=1+sin(y-x)\ny'=1+sin(x-y)\n@ tor_per=6.28318531\n@ fold=x,fold=y\ndone\n"
    domain = read_xpp(write(tmp_path, text)).domain
    assert domain.to_dict()["upper"] == [2 * math.pi] * 2
    assert np.all(domain.periodic)


def test_names_that_rules_or_python_use_gain_an_underscore(tmp_path):
    text = "par growth=2,lambda=3,domain=4\nx'=growth*x+lambda+domain\n"
    rule = read_xpp(write(tmp_path, text, "2-cells.ode"))
    assert type(rule).__name__ == "Xpp2Cells"
    assert (rule.growth_, rule.lambda_, rule.domain_) == (2.0, 3.0, 4.0)
    assert law(rule, 0.0, [1.0])[0] == 9.0


MIXED = """
    par gCa=2,VK=.5
    number E0=.25
    Minf(V)=.5*(1+tanh((V-VK)/E0))
    Slope(U,V)=Minf(V)*u
    ICa=gca*MINF(v)*(v-e0)
    v'=-ica+slope(W,v)
    W'=(Minf(v)-w)/2
    aux Shown=ICA
"""


def test_names_are_shown_as_the_file_writes_them(tmp_path):
    rule = read_xpp(write(tmp_path, MIXED))
    assert rule.state_names == ("v", "W")
    assert list(parameters(rule)) == ["gCa", "VK"]
    shown = rule.quantities(0.0, np.array([0.3, 0.9]))
    assert list(shown) == ["ICa", "Shown"]
    text = python_source(rule.model)
    for line in ("v, W = state", "def Minf(V):", "def Slope(U, V):", "ICa = self.gCa * Minf(v) *"):
        assert line in text
    assert "minf" not in text


EXPORTED = """
    par lambda=2,c=.5,state=3
    number e=1e-3
    f(x,lambda)=if(x>lambda & x<3)then(x^2)else(-x^-1)
    g=f(w,.1)/(2-(w-v))+e+state
    v'=-(v-w)^2*c-g/(lambda/2)+heav(v)*mod(w,2)+h(t)
    w'=(v<w)+not(v)-2^(w/2)+abs(-w)
    h(t)=cos(2*pi*t)
    aux energy=v^2
    @ xp=v,yp=w,xlo=-1,xhi=1,ylo=0,yhi=2
"""


@pytest.mark.parametrize(
    ("text", "t"), [(MEMBRANE, 0.3), (GROWTH, 3), (EXPORTED, 0.3), (MIXED, 0.3)]
)
def test_a_model_is_written_as_a_class_that_computes_the_same(tmp_path, text, t):
    path = write(tmp_path, text)
    rule = read_xpp(path)
    target = tmp_path / "exported.py"
    target.write_text(python_source(rule.model), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("exported", target)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    copy = module.Model()
    assert copy.state_names == rule.state_names
    assert copy.start == rule.start.tolist()
    assert getattr(copy, "domain", None) == getattr(rule, "domain", None)
    with jax.enable_x64(True):
        for state in (np.array([0.3, 0.9]), np.array([-0.4, 0.2])):
            np.testing.assert_allclose(law(copy, t, state), law(rule, t, state), rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x'=-x\nglobal 1 x-1 {x=0}\n", "line 2: global .* is not covered"),
        ("# a\nx'=-x+delay(x,tau)\npar tau=1\n", r"line 2: delay \(a delay\) is not covered"),
        ("table w % 51 -25 25 exp(-t)\nx'=w(x)\n", "line 1: table is not covered"),
        ("x'=int{exp(-t)#x}\n", r"line 1: int \(an integral\) is not covered"),
        ("x(t)=sin(t)+int[.5]{exp(-t)#x}\n", r"line 1: int \(an integral\)"),
        ("x[0..9]'=-x[j]\n", "line 1: an array .* is not covered"),
        ("%[1..9]\nx[j]'=-x[j]\n%\n", "line 1: an array"),
        ("x'=-x\ninit x[0..3]=1\n", "line 2: an array"),
        ("x'=sum(0,3)of(shift(x,i'))\n", r"line 1: sum \(a sum over an array\)"),
        ("wiener n\nx'=-x+n\n", r"line 1: wiener \(noise\) is not covered"),
        ("x'=-x+ran(1)\n", r"line 1: ran \(noise\) is not covered"),
        ("markov z 2\n{0} {1}\n{1} {0}\nx'=z\n", r"line 1: markov \(noise\)"),
        ("x'=y\n0=x+y\nsolve y=1\n", r"line 2: an algebraic equation \(0=…\) is not covered"),
        ("x'=u\nu=0\nexport {x} {u}\n", r"line 3: export \(an external program\)"),
        ("x'=besselj(0,x)\n", r"line 1: besselj \(a Bessel function\)"),
        ("x'=-k*x\n", "line 1: k is not defined"),
        ("x'=sine(x)\n", "line 1: there is no function sine"),
        ("x'=f(x,1)\nf(u)=u\n", "line 1: f takes 1 argument, got 2"),
        ("x'=sin(x,1)\n", "line 1: sin takes 1 argument, got 2"),
        ("x'=f\nf(u)=u\n", "line 1: f is not defined, a function: give it arguments"),
        ("x'=-Kappa*x\n", "line 1: Kappa is not defined"),
        ("x'=Sine(x)\n", "line 1: there is no function Sine"),
        ("x'=F(x,1)\nf(U)=u\n", "line 1: F takes 1 argument, got 2"),
        ("x'=a\nA=b+1\nB=A\n", "A needs itself: A → B → A"),
        ("x'=a\na=b+1\nb=a\n", "a needs itself: a → b → a"),
        ("x'=f(x)\nf(u)=f(u-1)\n", "line 2: f needs itself: f → f"),
        ("x'=-x\npar x=1\n", "line 2: x is defined a second time; first in line 1"),
        ("x'=-x\npar k=2*3\n", "line 2: k=2\\*3: a parameter is a plain number"),
        ("x'=2x\n", "line 1: expected an operator, got 'x' in 2x"),
        ("x'=(1+x\n", r"line 1: expected '\)', got the end"),
        ("x'=1+\n", "line 1: expected a number, a name or a bracket, got the end"),
        ("x'=if(x)than(1)else(2)\n", "line 1: expected 'then' of an if-then-else, got 'than'"),
        ("x'=x%2\n", "line 1: unexpected '%' in x%2"),
        ("x'=-x\nmksol mysol\n", "line 2: this is no statement of an .ode file: mksol mysol"),
        ("x'=-x\ny(t+1)=x\n", "line 2: a map .* beside a differential equation"),
        ("x'=-x\ninit y=1\n", "line 2: y begins somewhere, but has no equation"),
        ("par a=1\n", "model.ode has no equation"),
        ("x'=log(x)\nlog(y)=y\n", "line 2: log is a function of XPP"),
        ("par t=5\nx'=t-x\n", "line 1: t is the time"),
        ("par sin=2\nx'=-x\n", "line 1: sin is a function of XPP"),
        ("pi=3\nx'=-x\n", "line 1: pi is the number"),
        ("x'=f(x)\nf(Sin)=sin\n", "line 2: sin is a function of XPP"),
        ("x'=f(x,1)\nf(u,u)=u\n", "line 2: two arguments of f have the same name"),
        ("x'=-x\nt'=1\n", "line 2: t is the time"),
        ("x'=f(x)\nf(arg2)=arg2\n", "line 2: arg2 is a word of XPP"),
        ("x'=arg2\narg2=x\n", "line 2: arg2 is a word of XPP"),
        ("Heav'=2\n", "line 1: heav is a function of XPP"),
        ("x'=if(x)then(1)else(2)\nthen=3\n", "line 2: then is a word of XPP"),
        ("x'=-x\naux e=x\naux e=2*x\n", "line 3: aux e is shown a second time; first in line 2"),
        ("#include more.inc\nx'=-x\n", "line 1: #include is not covered"),
        ("x'=-x\nd ' = 1-d\n", "line 2: XPP takes no space before the ' of an equation"),
        ("x'=-x\nd y=3\n", "line 2: XPP reads no further than this line"),
        ("x'=-x\ny'=-y\ny(0)=3*x\n", "line 3: where y begins is set once, .* needs x"),
        ("x'=-x\nq=f(2)\nf(u)=u+t\nx(0)=q\n", "line 4: where x begins .* needs t"),
        ("x'=q\n!q=2*x\n", "line 2: the derived parameter q is set once, .* needs x"),
        ("par a=nan\nx'=a\n", "line 1: a=nan: a parameter is a plain number"),
        ("x'=a\npar b=2,a=1_0\n", "line 2: a=1_0: a parameter is a plain number"),
        ("x'=a\nnum a=inf\n", "line 2: a=inf: a constant is a plain number"),
        ("x'=-x\ninit x=1e999\n", "line 2: x=1e999: a start is a plain number"),
        ("x'=1e999-x\n", "line 1: 1e999 is too large for a number"),
        ("x'=a\npar a=٢\n", "line 2: a=.: a parameter is a plain number"),
        ("x'=" + "(" * 5000 + "x" + ")" * 5000 + "\n", "line 1: a formula is nested too deep"),
        ("x'=x" + "*x" * 1500 + "\n", "line 1: written out, this formula is nested too deep: 1501"),
        (
            "x'=q0\n" + "".join(f"q{i}=q{i + 1}\n" for i in range(500)) + "q500=1\n",
            "line 103: q101 is needed by way of too many others",
        ),
        (
            "x'=f30(x)\nf0(u)=u\n" + "".join(f"f{i + 1}(u)=f{i}(u)+f{i}(u)\n" for i in range(30)),
            "written out, this formula is too long",
        ),
    ],
)
def test_what_is_wrong_or_not_covered_is_refused_by_line_and_name(tmp_path, text, words):
    with pytest.raises(tw.InputError, match=words):
        read_xpp(write(tmp_path, text))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes(range(256)), "model.ode is not text: byte 0 in line 1"),
        ("x'=-x\n".encode("utf-16"), "model.ode is not text: byte 0 in line 1"),
        (b"x'=-x\n\x1b[31m\n", "model.ode is not text: byte 27 in line 2"),
        (b"x'=-x\nfoo \xe9 bar\n", "line 2: this is no statement of an .ode file: foo \ufffd bar"),
    ],
)
def test_what_is_no_text_is_said_without_its_bytes(tmp_path, data, words):
    path = tmp_path / "model.ode"
    path.write_bytes(data)
    with pytest.raises(tw.InputError, match=words) as caught:
        read_xpp(path)
    assert str(caught.value).isprintable()


def test_old_files_are_texts(tmp_path):
    path = tmp_path / "model.ode"
    path.write_bytes(b"\xef\xbb\xbfx'=-x\t\r\n# caf\xe9\r\n\x0c\r\nd # a=b\r\n\x1a")
    assert read_xpp(path).state_names == ("x",)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(tw.InputError, match=r"There is no file .*none\.ode"):
        read_xpp(tmp_path / "none.ode")
