"""Ways down one energy, side by side: rates, expansion, descent, ends."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import through_json

import thalweg as tw
from thalweg.dynamics import MirrorStep, Momentum, ProximalStep
from thalweg.energies import DoubleWell, Quadratic

RNG = np.random.default_rng(0)
CURVATURES = np.geomspace(1.0, 100.0, 3)
BOWL, WELLS = Quadratic(np.diag(CURVATURES)), DoubleWell()


@pytest.fixture(scope="module")
def bowl():
    rules = {
        "gradient": tw.GradientStep(BOWL, 2.0 / 101.0),
        "nesterov": Momentum(BOWL, 0.01, 9.0 / 11.0, nesterov=True),
        "heavy ball": Momentum(BOWL, 4.0 / 121.0, (9.0 / 11.0) ** 2),
        "proximal": ProximalStep(BOWL, 0.5),
        "flow": tw.SteepestDescent(BOWL),
        "too long": tw.GradientStep(BOWL, 0.021),
    }
    return dict(
        zip(rules, tw.compare_operators(BOWL, rules, RNG.normal(size=(6, 3))), strict=True)
    ) | {"all": tw.compare_operators(BOWL, rules, RNG.normal(size=(6, 3)), steps=10)}


@pytest.mark.parametrize(
    ("name", "rate", "tolerance"),
    [
        ("gradient", 99.0 / 101.0, 1e-12),
        ("nesterov", 0.9, 1e-7),
        ("heavy ball", 9.0 / 11.0, 1e-7),
        ("proximal", 1.0 / 1.5, 1e-12),
        ("flow", np.exp(-1.0), 1e-12),
        ("too long", 1.1, 1e-12),
    ],
)
def test_rates_at_rest(bowl, name, rate, tolerance):
    assert bowl[name].rate == pytest.approx(rate, abs=tolerance)


def test_expansion_is_at_most_the_norm_and_momentum_is_no_contraction(bowl):
    assert 0.9 * 99.0 / 101.0 < bowl["gradient"].expansion <= 99.0 / 101.0 + 1e-12
    for name, eta, beta, nesterov in (
        ("nesterov", 0.01, 9.0 / 11.0, True),
        ("heavy ball", 4.0 / 121.0, (9.0 / 11.0) ** 2, False),
    ):
        pulls = beta * (1.0 - eta * CURVATURES * nesterov)
        norms = [
            np.linalg.norm([[1.0 - eta * c, p], [-eta * c, p]], 2)
            for c, p in zip(CURVATURES, pulls, strict=True)
        ]
        assert 1.0 < bowl[name].expansion <= max(norms) + 1e-9
        assert not bowl[name].contracts
        assert any("no contraction" in remark for remark in bowl[name].remarks())


def test_of_runs_from_one_start_no_distance_is_asked():
    starts = np.repeat(np.random.default_rng(2).normal(size=(3, 3)), 2, axis=0)
    (course,) = tw.compare_operators(BOWL, [tw.GradientStep(BOWL, 2.0 / 101.0)], starts)
    assert 0.9 * 99.0 / 101.0 < course.expansion <= 99.0 / 101.0 + 1e-12


def test_who_descends_and_how_fast(bowl):
    assert bowl["gradient"].descends
    assert bowl["proximal"].descends
    assert bowl["flow"].descends
    assert not bowl["heavy ball"].descends
    assert bowl["heavy ball"].rise > 1.0
    steps = [bowl[name].steps for name in ("proximal", "heavy ball", "nesterov", "gradient")]
    assert steps == sorted(steps)
    assert bowl["gradient"].cost == pytest.approx(1.0, abs=0.5)


def test_one_that_does_not_settle_says_so(bowl):
    course = bowl["too long"]
    assert course.lost == 6
    assert len(course.ends) == 0
    assert any("does not settle" in remark for remark in course.remarks())


def test_ends_are_the_minima_and_count_the_starts():
    """From near its four minima, each start ends in its own."""
    minima = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    starts = np.concatenate([minima, minima[:1]]) + 0.1
    (course,) = tw.compare_operators(WELLS, [tw.GradientStep(WELLS, 0.1)], starts, steps=200)
    order = np.lexsort(course.ends.T[::-1])
    np.testing.assert_allclose(course.ends[order], minima, atol=1e-12)
    assert course.counts[order].tolist() == [2, 1, 1, 1]
    assert course.lost == 0
    assert course.rate == pytest.approx(0.2, abs=1e-12)
    np.testing.assert_allclose(course.levels, 0.0, atol=1e-12)


@pytest.mark.long
def test_on_the_simplex_rates_are_those_within_it():
    cost, temperature = np.array([0.3, -0.2, 1.1]), 0.5

    def energy(x):
        return jnp.sum(cost * x) + temperature * jnp.sum(x * jnp.log(x))

    rules = [MirrorStep(energy, 0.3), tw.SteepestDescent(energy, tw.Simplex())]
    starts, domain = RNG.dirichlet(np.ones(3), 4), tw.ProbabilitySimplex(3)
    found = tw.compare_operators(energy, rules, starts, steps=150, domain=domain)
    rest = np.exp(-cost / temperature)
    for course, rate in zip(found, (1.0 - 0.3 * temperature, np.exp(-temperature)), strict=True):
        np.testing.assert_allclose(course.ends, [rest / rest.sum()], atol=1e-7)
        assert course.rate == pytest.approx(rate, abs=1e-7)
    with pytest.raises(tw.InputError, match=r"a start of .* add up to one"):
        tw.compare_operators(energy, rules, starts + 0.1, domain=domain)


def test_it_prints_and_comes_back(bowl):
    whole = bowl["all"]
    assert str(whole).splitlines()[0] == "6 rules on Quadratic, 6 starts, 10 steps"
    assert "spectral radius" in str(whole)
    assert max(map(len, str(whole).splitlines())) <= 80
    assert through_json(whole) == whole


def test_rules_of_one_class_are_numbered():
    rules = [tw.GradientStep(WELLS, eta) for eta in (0.1, 0.2)]
    found = tw.compare_operators(WELLS, rules, np.zeros((1, 2)) + 0.5, steps=3)
    assert [course.name for course in found] == ["GradientStep 1", "GradientStep 2"]
    assert np.isnan(found[0].expansion)  # there is no pair


@pytest.mark.parametrize(
    ("rules", "starts", "options", "words"),
    [
        ([], np.ones((1, 2)), {}, "flows or maps"),
        ([WELLS], np.ones((1, 2)), {}, "flows or maps"),
        ([tw.GradientStep(WELLS, 0.1)], np.ones((1, 2)), {"steps": 0}, "steps must be"),
        ([tw.GradientStep(WELLS, 0.1)], np.float64(1.0), {}, "one leading axis"),
        ([tw.GradientStep(WELLS, 0.1)], np.full((1, 2), np.nan), {}, "finite"),
    ],
)
def test_bad_input_is_refused(rules, starts, options, words):
    with pytest.raises(tw.InputError, match=words):
        tw.compare_operators(WELLS, rules, starts, **options)


class Steep(tw.Energy):
    """Σ e^{x²}."""

    def __call__(self, state):
        return jnp.sum(jnp.exp(state**2))


class OutOfTheLine(tw.Map):
    """Halving, but for what is small, which is NaN."""

    def step(self, t, state):
        return jnp.where(jnp.abs(state) > 1.0, 0.5 * state, jnp.nan)


def test_a_run_that_overflows_neither_descends_nor_contracts():
    energy = Steep()
    rules = [tw.GradientStep(energy, 5.0), OutOfTheLine()]
    lost, undefined = tw.compare_operators(energy, rules, np.array([[3.0], [3.5]]), steps=5)
    assert lost.rise == np.inf
    assert np.isnan(undefined.rise)
    for course, word in ((lost, "rises inf"), (undefined, "no")):
        assert np.isnan(course.expansion)
        assert not course.descends
        assert not course.contracts
        assert course.row()[2:4] == ["–", word]
        assert any("2 of 2 starts led to no rest (2 left" in said for said in course.remarks())


@pytest.mark.long
def test_what_is_no_energy_and_no_list_is_named():
    build, rule = tw.compare_operators, tw.GradientStep(WELLS, 0.1)
    with pytest.raises(tw.InputError, match=r"list or a mapping.*GradientStep\. One rule is \["):
        build(WELLS, rule, np.ones((1, 2)))  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="energy must be a callable state → scalar, got None"):
        build(None, [rule], np.ones((1, 2)))  # type: ignore[arg-type]
