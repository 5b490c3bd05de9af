"""What the exact levels answer is proved: identities, signs, places of rest, turns of angles."""

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

import thalweg as tw

X, Y, Z, A, B = sp.symbols("x y z a b")
TENTH = sp.Rational(1, 10)
SQUARE = tw.Box([-1.0, -1.0], [1.0, 1.0])
QUADRANT = tw.Box([0.0, 0.0], [2.0, 2.0])
HALF = tw.Box([0.5, 0.5], [2.0, 2.0])
CUBE = tw.Box([-1.0] * 3, [1.0] * 3)
CIRCLE = tw.Box([0.0], [2.0 * np.pi], periodic=True)
UNIT = tw.Box([0.0], [1.0], periodic=True)
TORUS = tw.Box([0.0, 0.0], [2.0 * np.pi] * 2, periodic=[True, True])


def steep(x0, depth):
    """x − depth·atan(1000 (x − x0))/1000, whose slope is 1 − depth at x0."""
    return X - sp.Rational(depth) / 1000 * sp.atan(1000 * (X - sp.Rational(x0)))


def narrow(x0, height):
    """Integral of height·exp(−(10⁴ (x − x0))²)."""
    area = sp.Rational(height) * sp.sqrt(sp.pi) / 20000
    return area * sp.erf(10000 * (X - sp.Rational(x0)))


# An energy exists, and the metric is positive.
TRUE_YES = [
    ("euclidean", {X: -X + sp.sin(Y) * sp.exp(X), Y: sp.cos(Y) * sp.exp(X) - Y}, SQUARE),
    ("euclidean", {X: -sp.sin(X + Y), Y: -sp.sin(X) * sp.cos(Y) - sp.cos(X) * sp.sin(Y)}, SQUARE),
    ("euclidean", {X: -sp.tanh(X - Y), Y: 1 - 2 / (1 + sp.exp(2 * X - 2 * Y))}, SQUARE),
    ("euclidean", {X: -X / sp.sqrt(1 + X**2 + Y**2), Y: -Y / sp.sqrt(X**2 + 1 + Y**2)}, None),
    ("euclidean", {X: -X * sp.exp(-(X**2 + Y**2)), Y: -Y * sp.exp(-(Y**2)) / sp.exp(X**2)}, None),
    ("euclidean", {X: sp.log(X * Y), Y: sp.log(Y) + X / Y}, HALF),
    ("euclidean", {X: -X + Y * Z, Y: -Y + X * Z, Z: -Z + X * Y}, CUBE),
    ("euclidean", {X: sp.Integer(1), Y: -Y}, SQUARE),
    ("euclidean", {X: sp.exp(sp.sin(X)) * sp.cos(X)}, CIRCLE),
    ("euclidean", {X: sp.sin(sp.sin(X))}, CIRCLE),
    ("euclidean", {X: sp.sin(2 * sp.pi * X)}, UNIT),
    ("euclidean", {X: -sp.sin(X) + sp.sin(Y - X), Y: -sp.sin(Y) + sp.sin(X - Y)}, TORUS),
    ("constant-metric", {X: -2 * X + Y, Y: 4 * X - 5 * Y}, SQUARE),
    ("diagonal-metric", {X: -X + sp.tanh(Y), Y: -Y + sp.tanh(X)}, SQUARE),
    ("diagonal-metric", {X: -X + Y, Y: -Y + steep("0.313", "0.98")}, SQUARE),
    ("diagonal-metric", {X: Y - X, Y: (X - Y) * (1 + Y)}, SQUARE),  # zero at the wall alone
    ("diagonal-metric", {X: (Y - X) * (1 - sp.exp(-X)), Y: X - Y}, QUADRANT),
]
# A curl, or a metric that is not positive, where no random point looks.
TRUE_NO = [
    {X: -X + Y * sp.exp(-1000 * (X - 9 * TENTH) ** 2), Y: -Y},
    {X: -X + Y * (1 + sp.tanh(500 * (X - 9 * TENTH))), Y: -Y},
    {X: -X + Y * sp.exp(-500 * (1 - X)), Y: -Y},
    {X: -X + Y * sp.exp(-(10**6) * X**2) / 10**30, Y: -Y},
    {X: -X + Y / (1 + 10**60 * X**2), Y: -Y},
    {X: -X + Y, Y: -Y + steep("0.313", "1.02")},
    {X: -X + Y, Y: -Y + steep("0.77777", "1.0001")},
    {X: -X + sp.tanh(Y), Y: -Y - sp.tanh(X)},
    {X: Y - X, Y: (X - Y) * (1 + Y - TENTH**10)},  # negative within 1e-10 of the wall
    # Its derivative holds exp(62600000 x), which is no power to write out.
    {X: Y - X, Y: X - Y - narrow("0.313", "1.01")},
]
OFF_CIRCLE = [
    ({X: sp.sin(X) ** 2}, CIRCLE),
    ({X: sp.sin(2 * sp.pi * X) + TENTH**20}, UNIT),
    ({X: A - sp.sin(X), Y: -sp.sin(Y)}, TORUS),
]
# A point of rest in the region excludes every metric.
REFUTED = [
    ({X: -Y, Y: X}, SQUARE),
    ({X: -Y, Y: X - 5}, None),
    ({X: -Y, Y: X - 1}, SQUARE),  # at rest on the wall
    ({X: -X + Y, Y: -Y}, SQUARE),
    ({X: Y - sp.Rational(1, 2), Y: sp.Integer(0)}, SQUARE),  # a line of rests
    ({X: -X + Y, Y: -Y + Z, Z: -Z + X}, CUBE),
    ({X: -X + Y, Y: -Y - X / 10**30}, SQUARE),
    ({X: -X + Y / 10**60, Y: -Y}, SQUARE),
    ({X: -sp.sqrt(2) * X + Y, Y: -sp.sqrt(2) * Y}, SQUARE),
    ({X: -sp.pi * X + Y, Y: -X - sp.pi * Y}, SQUARE),
]
# The same Jacobians, with their points of rest elsewhere or nowhere.
NOT_REFUTED = [
    ({X: -Y, Y: X}, tw.Box([0.5, -1.0], [2.0, 1.0])),
    ({X: -Y, Y: X - 5}, SQUARE),
    ({X: -X + Y, Y: 3 - Y}, SQUARE),
    ({X: Y - 2, Y: sp.Integer(0)}, SQUARE),
    ({X: Y - sp.Rational(1, 2), Y: sp.Integer(1)}, SQUARE),
]


def slopes_at(verdict, point):
    """∇E by central differences, which know of no formula for the slope."""
    energy, step = sp.lambdify(verdict.names, verdict.energy.doit(), "scipy"), 1e-5
    shifts = step * np.eye(len(point))
    return np.array([(energy(*(point + s)) - energy(*(point - s))) / (2 * step) for s in shifts])


@pytest.mark.parametrize(("kind", "rule", "box"), TRUE_YES)
def test_what_has_an_energy_gets_it_with_its_proofs(kind, rule, box):
    found = tw.recover_symbolic(rule, box)
    assert (found.kind, found.seen, found.certified) == (kind, (), True)
    assert any("normal forms" in fact for fact in found.proved)
    if found.energy.has(sp.Integral):
        return
    point = np.array([0.61, 0.83, -0.4])[: len(rule)]
    field = sp.lambdify(found.names, list(found.metric * sp.Matrix(found.rule)), "scipy")
    np.testing.assert_allclose(slopes_at(found, point), -np.ravel(field(*point)), atol=1e-8)


@pytest.mark.parametrize("rule", TRUE_NO)
def test_no_energy_where_points_see_nothing(rule):
    found = tw.recover_symbolic(rule, SQUARE)
    assert (found.kind in ("undecided", "refuted"), found.energy) == (True, None)


@pytest.mark.parametrize(("rule", "box"), OFF_CIRCLE)
def test_no_energy_that_does_not_return(rule, box):
    found = tw.recover_symbolic(rule, box)
    assert (found.kind, found.energy) == ("undecided", None)


def test_what_is_only_seen_is_told_and_is_no_answer():
    found = tw.recover_symbolic(TRUE_NO[0], SQUARE)
    assert found.seen[0] == "J = Jᵀ identically"
    assert not found.certified
    assert "seen at points, not proved: J = Jᵀ" in str(found)
    assert found.to_dict()["seen"] == list(found.seen)


@pytest.mark.parametrize(("rule", "box"), REFUTED)
def test_a_rest_in_the_region_refutes(rule, box):
    found = tw.recover_symbolic(rule, box)
    assert found.kind == "refuted"
    assert "rests at" in found.note


@pytest.mark.parametrize(("rule", "box"), NOT_REFUTED)
def test_a_rest_elsewhere_does_not(rule, box):
    assert tw.recover_symbolic(rule, box).kind == "undecided"


def test_a_rest_that_letters_move_counts_where_they_keep_it_in_the_region():
    """A focus at (a, 0): in the plane for each a, in the square for some, in none where a = 3."""
    focus = {X: -(X - A) - Y, Y: (X - A) - Y}
    assert tw.recover_symbolic(focus, SQUARE).kind == "undecided"
    everywhere = tw.recover_symbolic(focus)
    assert (everywhere.kind, "rests at x = a" in everywhere.note) == ("refuted", True)
    x, y = sp.symbols("x y", positive=True)
    quadrant = {x: -(x - A) - y + 1, y: (x - A) - y + 1}  # a focus at (a, 1)
    assert tw.recover_symbolic(quadrant).kind == "undecided"
    at_nonzero = sp.Symbol("x", nonzero=True)
    line = {at_nonzero: -(at_nonzero - A) - Y, Y: (at_nonzero - A) - Y}
    assert tw.recover_symbolic(line).kind == "undecided"


@pytest.mark.long
def test_equilibria_of_a_rule_count_in_its_region_alone():
    """x' = −y + (x − 5)³, y' = x − 5 turns round (5, 0)."""
    rule = tw.as_flow(lambda s: jnp.stack([-s[1] + (s[0] - 5.0) ** 3, s[0] - 5.0]))
    assert tw.recover_symbolic(rule, SQUARE).kind == "undecided"
    around = tw.recover_symbolic(rule, tw.Box([4.0, -1.0], [6.5, 1.0]))
    assert around.kind == "refuted"
    assert "x_0 = 5, x_1 = 0" in around.note


@pytest.mark.parametrize(
    ("rule", "box", "conditions"),
    [
        ({X: -X - A * Y, Y: -B * X - Y}, None, (B > 0, A > 0)),
        ({X: X * (1 - X - A * Y), Y: Y * (1 - Y - B * X)}, QUADRANT, (B > 0, A > 0)),
        ({X: -X / (A + X**2)}, None, (A > 0,)),
        ({X: (Y - X) * (A + X**2), Y: X - Y}, None, (A > 0,)),
        ({X: -X + A * Y, Y: A * X - B * Y}, None, ()),
        ({X: sp.exp(-A * X)}, None, (sp.Ne(A, 0),)),
    ],
)
def test_conditions_on_parameters_are_stated(rule, box, conditions):
    found = tw.recover_symbolic(rule, box)
    assert found.kind in ("euclidean", "diagonal-metric")
    assert found.conditions == conditions
    if conditions:
        assert "  where " in str(found)


@pytest.mark.parametrize(
    "rule",
    [
        {X: -X + A * Y, Y: -(A**3) * X - Y},
        {X: -X + A * Y, Y: X - Y + Z, Z: -Y - Z},  # a > 0 and a < 0
        {X: -X + (1 + A**2) * Y, Y: -X - Y},
        {X: -X - sp.exp(A) * Y, Y: X - Y},
    ],
)
def test_conditions_that_nothing_meets_are_no_answer(rule):
    found = tw.recover_symbolic(rule)
    assert found.kind in ("undecided", "refuted")
    assert found.energy is None


@pytest.mark.long
def test_parameters_with_values_state_what_they_must_keep():
    class Coupled(tw.Flow):
        a: float = 2.0
        b: float = 3.0

        def velocity(self, t, state):
            x, y = state
            return jnp.stack([-x - self.a * jnp.sin(y), -self.b * x - y**3])

    found = tw.recover_symbolic(Coupled(), SQUARE)
    assert found.kind == "diagonal-metric"
    assert found.to_dict()["conditions"] == ["b > 0", "a > 0"]
    opposed = tw.recover_symbolic(Coupled(a=-1.0, b=1.0), SQUARE)
    assert opposed.kind in ("refuted", "undecided")


def competing(first, second):
    return lambda s: s * (1.0 - s - jnp.stack([first * s[1], second * s[0]]))


@pytest.mark.long
def test_a_metric_that_ends_at_a_wall_does_not_outdo_a_rest_on_it():
    """M = diag(b/x, a/y); on a wall, at (1, 0), J is [[−1, −a], [0, 1 − b]], a block for b = 2."""
    found = tw.recover_symbolic(tw.as_flow(competing(1.0, 2.0)), QUADRANT)
    assert found.kind == "refuted"
    found = tw.recover_symbolic(tw.as_flow(competing(1.5, 1.25)), QUADRANT)
    assert found.kind == "diagonal-metric"
    (fact,) = [fact for fact in found.proved if fact.startswith("M is positive")]
    assert "inside the region" in fact
    assert "= 0" in fact


def test_where_a_metric_is_not_finite_is_said():
    rule = {X: X * (1 - X - A * Y), Y: Y * (1 - B * X - Y)}
    (fact,) = [f for f in tw.recover_symbolic(rule, QUADRANT).proved if f.startswith("M is")]
    assert fact == "M is positive inside the region; it is zero or not finite where x = 0 or y = 0"
    (fact,) = [f for f in tw.recover_symbolic(rule, HALF).proved if f.startswith("M is")]
    assert fact == "M is positive all over the region"


BRUSSELATOR = {X: 1 - 4 * X + X**2 * Y, Y: 3 * X - X**2 * Y}


@pytest.mark.parametrize(
    ("rule", "domain", "words"),
    [
        (BRUSSELATOR, tw.Box([0.1, 0.1], [4.0, 4.0]), "x = 1, y = 3"),
        ({X: Y, Y: -sp.sin(X) - Y / 2}, tw.Box([-3.0, -3.0], [3.0, 3.0]), "1/4 - sqrt(15)*I/4"),
        # Rests that are no fractions.
        ({X: X - X**3 / 3 - Y, Y: (X + 7 * TENTH - 8 * TENTH * Y) / 12}, None, "proved to exist"),
        (
            {X: -X + 2 * sp.tanh(X) - 2 * sp.tanh(Y) + TENTH, Y: -Y + sp.tanh(Y) + 2 * sp.tanh(X)},
            SQUARE,
            "proved to exist",
        ),
        ({X: 10 * (Y - X), Y: X * (28 - Z) - Y, Z: X * Y - 8 * Z / 3}, None, "8.48528"),
    ],
)
def test_formulas_are_refuted_by_a_rest_that_is_proved(rule, domain, words):
    verdict = tw.recover_symbolic(rule, domain)
    assert verdict.kind == "refuted"
    assert verdict.proved == (verdict.note,)
    assert words in verdict.note
    assert "is not real" in verdict.note
    assert not verdict.conditions


@pytest.mark.parametrize(
    ("rule", "domain"),
    [
        # The only rests that turn lie outside the region, or on its wall in double precision.
        ({X: 1 - 4 * X + X**2 * Y, Y: 3 * X - X**2 * Y}, tw.Box([1.5, 0.1], [4.0, 4.0])),
        ({X: Y * (1 + Y**2), Y: 2 - X**2 - Y * X}, tw.Box([-1.4142135, -1.0], [1.4142135, 1.0])),
        ({X: -X + Y**2, Y: -2 * Y + X**2 * Y}, SQUARE),
    ],
)
def test_no_rest_outside_the_region_refutes(rule, domain):
    assert tw.recover_symbolic(rule, domain).kind == "undecided"


def test_a_rest_refutes_for_the_parameters_for_which_it_turns():
    verdict = tw.recover_symbolic({X: Y, Y: -X + A * (1 - X**2) * Y})
    assert (verdict.kind, verdict.conditions) == ("refuted", (sp.Lt(A**2 - 4, 0),))
    assert "where a**2 - 4 < 0" in verdict.note
    never = {X: -X + A**2 * sp.sin(Y) * (1 + X**2), Y: -Y + X**3}
    assert tw.recover_symbolic(never).kind != "refuted"
