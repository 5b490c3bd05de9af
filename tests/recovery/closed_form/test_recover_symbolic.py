"""The exact levels: closed forms against the theory's, and exact refutation."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from tests.recovery.recovery_systems import Henon, Normalization, Pendulum, TanhNetwork, cube
from tests.results import read_back
from tests.zoo import Linear

import thalweg as tw
from thalweg.models import registry
from thalweg.recovery.closed_form import recover_symbolic
from thalweg.recovery.closed_form.trees import from_tree, to_tree


def is_zero(expression):
    """Whether an expression vanishes at random rational points, to 30 digits."""
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    rng = np.random.default_rng(0)
    for _ in range(3):
        point = {s: sp.Rational(int(rng.integers(20, 90)), 100) for s in symbols}
        if abs(sp.N(expression.subs(point), 40)) > sp.Float("1e-30"):
            return False
    return True


def descends_exactly(verdict):
    """Whether −∇E = M f identically, by SymPy's own derivative, for the parameters' values."""
    rule = [sp.sympify(v).subs(verdict.values) for v in verdict.rule]
    lowered = verdict.metric.subs(verdict.values) * sp.Matrix(rule)
    slopes = [sp.diff(verdict.energy, name).subs(verdict.values) for name in verdict.names]
    return all(is_zero(a + b) for a, b in zip(slopes, lowered, strict=True))


def test_no_name_but_those_of_expressions_is_read():
    x = sp.Symbol("x", real=True)
    pieces = sp.Piecewise((sp.exp(-x) / 3, x > 0), (sp.Float("0.1", 30) * sp.pi, True))
    for known in (pieces, sp.Matrix([[x, 0], [0, sp.log(x)]]), (x, sp.oo), {x: sp.Float(0.3)}):
        assert from_tree(json.loads(json.dumps(to_tree(known)))) == known
    with pytest.raises(tw.InputError, match="'system' is no expression of SymPy"):
        from_tree(["system", ["symbol", "x", {}]])


@pytest.mark.long
@pytest.mark.parametrize("size", [2, 3])
def test_the_energy_of_the_reduced_normalization_network(size):
    """E of `theory/normalization.md` up to scale, for all values of the parameters."""
    drive = np.array([1.5, 0.5, 2.0])[:size]
    target = np.array([0.25, 0.75, 1.25])[:size]
    verdict = recover_symbolic(
        Normalization(jnp.asarray(drive), jnp.asarray(target)), cube(0.1, 2.0, size)
    )
    assert verdict.kind == "diagonal-metric"
    assert descends_exactly(verdict)
    again = read_back(verdict)
    assert again == verdict
    assert str(again) == str(verdict)
    assert again.energy.free_symbols == verdict.energy.free_symbols
    alpha, beta, sigma = (_named(verdict, name) for name in ("alpha", "beta", "sigma"))
    drives = [_named(verdict, f"drive_{i + 1}") for i in range(size)]
    targets = [_named(verdict, f"target_{i + 1}") for i in range(size)]
    shifted = [sigma**2 + u for u in verdict.names]
    pool = sum(r**2 / s for r, s in zip(drives, shifted, strict=True))
    known = alpha / (2 * size) * pool**2
    for u, r, c, s in zip(verdict.names, drives, targets, shifted, strict=True):
        known += alpha * c * r * sp.log(s) - beta * r * (u - (sigma**2 + c) * sp.log(s))
    scale = verdict.metric[0, 0] / (drives[0] / shifted[0])
    assert not sp.cancel(scale).has(*verdict.names)
    for name in verdict.names:
        assert is_zero(sp.diff(verdict.energy - scale * known, name))


@pytest.mark.long
def test_the_built_in_normalization_network_has_its_energy_in_closed_form():
    """Its drives come out of tuning curves: as symbols of their own, with their numbers."""
    rule = registry.find("normalization").create(neurons=2)
    verdict = recover_symbolic(rule)
    assert verdict.kind == "diagonal-metric"
    assert descends_exactly(verdict)
    assert {str(symbol) for symbol in verdict.values} >= {"alpha", "beta", "sigma", "k_1", "c_2"}
    assert "This holds where" in verdict.note  # the outputs end where σ² + u does
    there = {name: 0.3 + 0.2 * i for i, name in enumerate(verdict.names)}
    with jax.enable_x64(True):
        slopes = np.asarray(jax.jit(jax.grad(rule.energy))(np.array([0.3, 0.5])))
    found = [
        float(sp.diff(verdict.energy, name).subs(verdict.values).subs(there))
        for name in verdict.names
    ]
    np.testing.assert_allclose(found[0] * slopes[1], found[1] * slopes[0], rtol=1e-9)


def _named(verdict, name):
    return next(symbol for symbol in verdict.values if symbol.name == name)


@pytest.mark.long
def test_a_tanh_network():
    verdict = recover_symbolic(
        TanhNetwork(jnp.asarray([[0.5, 0.25], [0.25, -1.5]])), cube(-1.0, 1.0, 2)
    )
    assert verdict.kind == "diagonal-metric"
    assert descends_exactly(verdict)
    assert not verdict.energy.has(sp.Integral)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("double-well", "euclidean"),
        ("curie-weiss", "euclidean"),
        ("deep-linear-mode", "euclidean"),
        ("lotka-volterra-competition", "diagonal-metric"),
        ("replicator", "given-metric"),
    ],
)
def test_built_in_systems_with_an_energy(name, kind):
    verdict = recover_symbolic(registry.find(name).create())
    assert verdict.kind == kind
    assert not verdict.energy.has(sp.Integral)
    assert descends_exactly(verdict)
    assert "\\" in verdict.latex or "^{" in verdict.latex


def test_the_float_of_a_fraction_is_the_fraction():
    """A product with 1/3 and a division by 3 are one, in a program and in formulas."""
    x, y = sp.symbols("x y")
    third, part = sp.Float(1 / 3), sp.Float(2 / 3000)
    for formulas in (
        {x: -third * y - x, y: -x / 3 - y},
        {x: -part * y - x, y: -2 * x / 3000 - y},
        {x: -sp.Float(0.1 * 3) * y - x, y: -sp.Rational(3, 10) * x - y},
    ):
        assert recover_symbolic(formulas).kind == "euclidean"
    for number in (1 / 3, jnp.float32(1 / 3)):
        flow = tw.as_flow(lambda s, a=number: jnp.stack([-a * s[1] - s[0], -s[0] / 3 - s[1]]))
        assert recover_symbolic(flow, cube(-1, 1, 2)).kind == "euclidean"
    near = recover_symbolic({x: -x + y, y: sp.Float(0.9999999999999) * x - y})
    assert near.kind == "constant-metric"


def test_a_constant_metric_is_exact():
    verdict = recover_symbolic(Linear(jnp.asarray([[-1.0, 2.0], [0.5, -2.0]])), cube(-1, 1, 2))
    assert verdict.kind == "constant-metric"
    assert verdict.metric.is_positive_definite
    assert descends_exactly(verdict)


@pytest.mark.long
@pytest.mark.parametrize(
    ("rule", "box", "reason"),
    [
        (Linear(jnp.asarray([[-1.0, 1.0], [0.0, -1.0]])), cube(-1, 1, 2), "not diagonalizable"),
        (Linear(jnp.asarray([[-1.0, 2.0], [-2.0, -1.0]])), cube(-1, 1, 2), "not real"),
        (Linear(jnp.asarray([[-1.0, 1.0], [-1e-9, -1.0]])), cube(-1, 1, 2), "not real"),
        (Pendulum(0.5), None, "not real"),
    ],
)
def test_exact_refutation(rule, box, reason):
    """In exact form even eigenvalues −1 ± 3e-5 i are not real."""
    verdict = recover_symbolic(rule, box)
    assert verdict.kind == "refuted"
    assert reason in verdict.note


def test_nearly_defective_is_a_gradient_in_exact_form():
    verdict = recover_symbolic(Linear(jnp.asarray([[-1.0, 1.0], [1e-9, -1.0]])), cube(-1, 1, 2))
    assert verdict.kind == "constant-metric"
    assert descends_exactly(verdict)


@pytest.mark.long
def test_no_false_yes():
    """Cyclic dominance, opposite signs, and one term too many."""
    for name in ("rock-paper-scissors", "fitzhugh-nagumo"):
        assert recover_symbolic(registry.find(name).create()).kind in ("refuted", "undecided")
    x, y = sp.symbols("x y", real=True)
    assert recover_symbolic({x: -x - y, y: -x - y**3}).kind == "euclidean"
    assert recover_symbolic({x: -x - y, y: -x - y**3 + x**2 / 10**9}).kind != "euclidean"


@pytest.mark.long
def test_a_metric_must_be_positive_in_the_whole_region():
    """m = (cos x, 2y) where y > 0 only."""
    rule = tw.as_flow(lambda x: jnp.stack([-x[0] + x[1] ** 2, -x[1] + jnp.sin(x[0])]))
    assert recover_symbolic(rule, tw.Box([-1.0, 0.1], [1.0, 1.0])).kind == "diagonal-metric"
    assert recover_symbolic(rule, tw.Box([-1.0, -1.0], [1.0, 1.0])).kind != "diagonal-metric"


X, Y = sp.symbols("x y")


@pytest.mark.parametrize(
    "rule",
    [
        {X: -X + sp.Max(0, -Y), Y: -Y},
        {X: sp.Abs(Y) - Y, Y: -Y},
        {X: Y / (X**2 + Y**2), Y: -X / (X**2 + Y**2)},  # a rotation round a hole
        {X: -X + X**2 * sp.sign(Y), Y: -Y},
    ],
)
def test_formulas_that_are_not_smooth_everywhere_get_no_energy(rule):
    found = recover_symbolic(rule)
    assert (found.kind, found.energy) == ("undecided", None)
    assert "region" in found.note or "locally" in found.note


def test_a_root_of_a_square_is_no_polynomial():
    """√(y² − 2y + 1) + y is 1 for y < 1 alone."""
    rule = {X: sp.sqrt(Y**2 - 2 * Y + 1) + Y, Y: -Y}
    assert recover_symbolic(rule).kind == "undecided"
    assert recover_symbolic(rule, cube(-0.9, 0.9, 2)).kind == "euclidean"


@pytest.mark.long
def test_rules_that_switch_or_turn_round_a_hole_get_no_energy():
    relu = tw.as_flow(lambda x: jnp.stack([-x[0] + jax.nn.relu(-x[1]), -x[1]]))
    turning = tw.as_flow(lambda x: jnp.stack([x[1], -x[0]]) / (x[0] ** 2 + x[1] ** 2))
    late = tw.as_flow(lambda x: jnp.stack([jnp.where(x[1] > 0.999, x[1], 0.0) - x[0], -x[1]]))
    for rule, word in ((relu, "smooth"), (turning, "locally"), (late, "smooth")):
        found = recover_symbolic(rule, cube(-1.0, 1.0, 2))
        assert (found.kind, found.energy) == ("undecided", None)
        assert word in found.note
    found = recover_symbolic(relu, cube(0.1, 1.0, 2))
    assert found.kind == "euclidean"
    assert descends_exactly(found)


def test_a_region_can_decide_a_mapping():
    rule = {X: -X + sp.Max(0, -Y), Y: -Y}
    assert recover_symbolic(rule, cube(0.1, 1.0, 2)).kind == "euclidean"
    assert recover_symbolic(rule, tw.Box([0.1, -1.0], [1.0, 1.0])).kind == "undecided"
    around = {X: Y / (X**2 + Y**2), Y: -X / (X**2 + Y**2)}
    assert recover_symbolic(around, cube(0.1, 1.0, 2)).kind == "euclidean"
    right = recover_symbolic(around, tw.Box([0.1, -1.0], [1.0, 1.0]))  # x > 0 has no hole
    assert right.kind == "euclidean"
    above, below = (float(sp.N(right.energy.subs({X: 0.5, Y: s * 1e-6}))) for s in (1, -1))
    assert abs(above - below) < 1e-4  # −atan(x/y) would jump by π
    with pytest.raises(tw.InputError, match="2 coordinates of positive width"):
        recover_symbolic(rule, cube(0.1, 1.0, 3))


class Drift(tw.Flow):
    """On a circle it is a gradient only where both pushes cancel."""

    forth: float = 1.0
    back: float = 1.0

    def velocity(self, t, state):
        return self.forth - self.back - jnp.sin(state)


@pytest.mark.long
def test_an_energy_must_come_back_after_a_turn():
    circle = tw.Box([0.0], [2.0 * np.pi], periodic=True)
    swept = tw.as_flow(lambda x: 1.0 + 0.5 * jnp.cos(x))
    found = recover_symbolic(swept, circle)  # E = −x − sin(x)/2 is none on the circle
    assert (found.kind, found.energy) == ("undecided", None)
    assert "once round" in found.note
    assert recover_symbolic(swept, tw.Box([0.0], [2.0 * np.pi])).kind == "euclidean"
    balanced = recover_symbolic(Drift(), circle)  # E = cos x − (a − b) x
    assert balanced.kind == "euclidean"
    assert "for these values of the parameters" in balanced.note
    assert recover_symbolic({X: 1 + sp.cos(X) / 2}, circle).kind == "undecided"
    for returning in (sp.sin(X), sp.cos(512 * X)):
        assert recover_symbolic({X: returning}, circle).kind == "euclidean"
    tilted = {X: sp.sin(X) + sp.Rational(1, 10**10)}
    assert recover_symbolic(tilted, circle).kind == "undecided"
    tube = tw.Box([0.0, -1.0], [2.0 * np.pi, 1.0], periodic=[True, False])
    rising = {X: sp.exp(-X) * sp.sin(X), Y: -Y}  # a gradient of the line, no rule of the circle
    assert recover_symbolic(rising, tube).kind == "undecided"
    turned = {X: -sp.sin(X) * (2 + Y), Y: sp.cos(X) - Y}
    assert recover_symbolic(turned, tube).kind == "euclidean"
    weighted = {X: -sp.exp(-X) * sp.sin(X - Y), Y: sp.sin(X - Y)}  # m = (exp(x), 1): no return
    assert "metric does not return" in recover_symbolic(weighted, tube).note


def test_an_energy_is_real_in_the_region():
    found = recover_symbolic(tw.as_flow(lambda x: 1.0 / (x - 2.0)), cube(0.0, 1.0, 1))
    assert found.kind == "euclidean"
    (name,) = found.names
    slope = sp.diff(found.energy, name).subs(name, sp.Rational(1, 2))
    assert found.energy.subs(name, sp.Rational(1, 2)).is_real
    assert slope == sp.Rational(2, 3)


def test_a_weight_with_a_pole_inside_is_no_metric():
    """m = (1/x², 1): positive wherever it is looked at, and without a value at x = 0."""
    rule = {X: -(X**2) * (X + Y), Y: -X - Y}
    assert recover_symbolic(rule, cube(-1.0, 1.0, 2)).kind != "diagonal-metric"
    assert recover_symbolic(rule, cube(0.1, 1.0, 2)).kind == "diagonal-metric"


def test_text_is_not_evaluated():
    with pytest.raises(tw.InputError, match="Text is not evaluated"):
        recover_symbolic({X: "-x"})


def test_a_map_is_judged_by_its_full_step_not_here():
    verdict = recover_symbolic(Henon())
    assert verdict.kind == "undecided"
    assert verdict.metric.is_diagonal()
    assert verdict.metric[0, 0] / verdict.metric[1, 1] == sp.Rational(3, 10)
    assert "full step" in verdict.note
    assert descends_exactly(verdict)


def test_words_stand_upright_in_latex():
    x, rate = sp.symbols("x rate", real=True)
    drive, alpha = sp.symbols("drive_1 alpha", positive=True)
    found = recover_symbolic({x: -alpha * rate * x - drive})
    assert "\\mathrm{rate}" in found.latex
    assert "\\mathrm{drive}_{1}" in found.latex
    assert "\\alpha" in found.latex


@pytest.mark.long
def test_the_text_and_bad_input():
    text = str(recover_symbolic(registry.find("four-wells").create()))
    plain, latex = text.split("In LaTeX:")
    assert max(map(len, plain.splitlines())) <= 80
    assert "E(x, y) = \\frac" in latex
    with pytest.raises(tw.InputError, match="SymPy symbols"):
        recover_symbolic({"x": sp.Symbol("x")})
    with pytest.raises(tw.InputError, match="declares no domain"):
        recover_symbolic(tw.as_flow(lambda x: -x))
