"""Energies without a law: which chain ran away, where and when; and no alarm where there is one."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.dynamics import Langevin, Phase, Underdamped
from thalweg.sampling import MALA, NUTS, SGLD, BlockGibbs, ParallelTempering, Starts
from thalweg.sampling.chains import Draws, Plan, Run
from thalweg.sampling.runaways import ways_out

KEY = jax.random.key(0)
PLAN = Plan(count=200, warmup=100, thin=2)
METHOD = MALA(0.1)


def said_of(energy: Any, states: Any, starts: Any = None, method: Any = METHOD):
    """The sentences on chains in trouble, whose states have the shape `(chains, count, d)`."""
    states = np.asarray(states)
    starts = np.zeros_like(states[:, 0]) if starts is None else np.asarray(starts)
    with jax.enable_x64(True):
        energies, heights = _levels(energy, states), _levels(energy, starts)
    run = Run(
        Draws(states, energies), states[:, -1], np.full(len(states), -1), None, None, None
    )  # fmt: skip
    return ways_out(run, energy, method, PLAN, starts, heights, np.array([2.0]))


def _levels(energy, states):
    flat = states.reshape(-1, states.shape[-1])
    return np.asarray(jax.vmap(energy)(flat)).reshape(states.shape[:-1])


def cloud(size, scale=1.0, chains=4, count=200):
    drawn = np.random.default_rng(3).standard_normal((chains, count, size))
    return scale * drawn


def cubic(x):
    return jnp.sum(x**3)


def leaky(x):
    return jnp.sum((x**2 - 1) ** 2 - 0.05 * x**6)


def linear(x):
    return x[0] + 0.5 * jnp.sum(x[1:] ** 2)


TURN = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]


def turned_linear(x):
    return linear(TURN @ x)


def shifted(x):
    return 0.5 * jnp.sum((x - jnp.mean(x)) ** 2)


def flat(x):
    return 0.0 * jnp.sum(x)


def step(x):
    return jnp.sum(jnp.tanh(x))


def log_of_cauchy(x):
    return 0.5 * jnp.log1p(jnp.sum(x**2))


def banana(x):
    return -x[0] + (x[1] - x[0] ** 2) ** 2


def test_the_chain_that_escapes_late_is_named():
    states = cloud(3, 0.2) + 1.0
    states[2, 150:] += np.linspace(9.0, 40.0, 50)[:, None]
    with pytest.raises(tw.DivergenceError) as raised:
        said_of(leaky, states, np.ones((4, 3)))
    text = str(raised.value)
    assert "chain 2 ran away: from step 402 on its energy stays far below" in text
    assert "its last state is (40." in text
    assert "The energy is unbounded below there" in text
    assert "add what holds it" in text


def test_chains_in_a_well_that_leaks_are_told():
    (text,) = said_of(leaky, cloud(3, 0.2) + 1.0, np.full((4, 3), 0.9))
    assert text.startswith("The energy is unbounded below: on the ray from the start of chain ")
    assert "No chain has run far" in text


@pytest.mark.parametrize(("energy", "way"), [(linear, "−x[0]"), (turned_linear, "principal")])
def test_a_slope_between_walls(energy, way):
    along = np.eye(3)[0] if energy is linear else TURN[0]
    states = cloud(3, 0.5) - np.linspace(20.0, 90.0, 200)[:, None] * along
    with pytest.raises(tw.DivergenceError, match=r"chain . ran away: since the warm-up") as raised:
        said_of(energy, states)
    assert way in str(raised.value)


@pytest.mark.long
def test_a_curved_valley():
    a = np.linspace(4.0, 20.0, 200)
    states = np.stack([a, a**2], axis=1)[None] + cloud(2, 0.01)
    with pytest.raises(tw.DivergenceError, match="on the floor of a valley"):
        said_of(banana, states, np.tile([3.0, 9.0], (4, 1)))


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("energy", [flat, step, log_of_cauchy])
def test_what_has_infinite_mass(energy, size):
    states = np.cumsum(cloud(size), axis=1)
    (text,) = said_of(energy, states)
    assert text.startswith("There is no law: on the ray from the start of chain ")
    assert "has come to (" in text


def test_what_only_differences_decide_has_infinite_mass():
    states = cloud(3) + np.cumsum(cloud(1), axis=1)
    (text,) = said_of(shifted, states)
    assert "There is no law: from the last draw of chain" in text
    assert "principal direction of the curvature" in text


def test_a_single_chain_and_a_single_draw():
    with pytest.raises(tw.DivergenceError, match="chain 0 ran away: since the warm-up"):
        said_of(cubic, np.full((1, 1, 2), -9.0))


class Pendulum(tw.Energy):
    """A bowl in the second coordinate; the first is an angle."""

    @property
    def domain(self):
        """One turn, any height."""
        return tw.Box([0.0, -5.0], [6.0, 5.0], periodic=[True, False])

    def __call__(self, state):
        """−cos x + y²/2."""
        return -jnp.cos(state[0]) + state[1] ** 2 / 2


def test_angles_need_no_walls():
    states = np.concatenate([np.cumsum(cloud(1), axis=1), cloud(1)], axis=2)
    assert said_of(Pendulum(), states) == ()
    (text,) = said_of(lambda x: -jnp.cos(x[0]) + x[1] ** 2 / 2, states)
    assert "There is no law" in text


def test_spins_need_no_walls():
    spins = np.sign(cloud(4))
    assert said_of(lambda x: -jnp.sum(x[1:] * x[:-1]), spins, spins[:, 0], BlockGibbs(1.0)) == ()


def student(x):
    return (3 + len(x)) / 2 * jnp.log1p(jnp.sum(x**2) / 3)


def funnel(x):
    return x[0] ** 2 / 18 + (len(x) - 1) / 2 * x[0] + jnp.sum(x[1:] ** 2) * jnp.exp(-x[0]) / 2


def wide(x):
    return 1e6 + jnp.sum(x**2) / 2e6


def quartic(x):
    return jnp.sum(x**4) - 1e8


def two_wells(x):
    return 8 * jnp.sum((x**2 - 1) ** 2)


def narrowing(x):
    """Unbounded below, and yet with a law: ∫ e^{x − 2x − e^{−x}} dx is finite."""
    return -x[0] + jnp.exp(4 * x[0]) * jnp.sum(x[1:] ** 2) + jnp.exp(-x[0])


def crossed(x):
    return jnp.prod(x) ** 2 * (1 + jnp.sum(x**2))


@pytest.mark.long
@pytest.mark.parametrize("size", [2, 10])
@pytest.mark.parametrize(
    "energy", [student, funnel, wide, quartic, two_wells, narrowing, crossed, tw.energies.Quadratic]
)
def test_no_alarm_where_there_is_a_law(energy, size):
    if energy is tw.energies.Quadratic:
        energy = tw.energies.Quadratic(np.diag(np.logspace(-3, 3, size)))
    assert said_of(energy, cloud(size)) == ()


@pytest.mark.long
@pytest.mark.parametrize("energy", [student, wide, quartic])
def test_no_alarm_while_chains_still_fall(energy):
    """From a start far away, the warm-up too short: E falls all the way, and not without end."""
    states = np.linspace(1e3, 10.0, 200)[:, None] + cloud(3)
    said = said_of(energy, states, np.full((4, 3), 1.1e3))
    assert len(said) == 1
    assert "falls all the way" in said[0]
    assert "or the warm-up was too short" in said[0]


@pytest.mark.parametrize(
    "method",
    [
        MALA(0.1),
        pytest.param(NUTS(), marks=pytest.mark.long),
        pytest.param(ParallelTempering(MALA(0.1), [1.0, 2.0]), marks=pytest.mark.long),
    ],
    ids=lambda m: type(m).__name__,
)
def test_a_run_of_a_method_with_a_test(method):
    with pytest.raises(tw.DivergenceError, match=r"chain \d ran away: .* unbounded below"):
        tw.sample(cubic, method, np.zeros(2, np.float32), count=400, key=KEY)


@pytest.mark.long
@pytest.mark.parametrize("method", [MALA(0.1), NUTS()], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("energy", [student, funnel, two_wells])
def test_a_run_of_a_law_with_heavy_tails(energy, method):
    run = tw.sample(energy, method, np.zeros(5, np.float32), count=400, key=KEY)
    assert run.notes == ()


@pytest.mark.long
def test_steps_that_overshoot_are_told_from_an_energy_without_a_bound():
    def steep(x):
        return jnp.sum(x**4) - 1.0

    with pytest.raises(tw.DivergenceError, match="the energy rises, but somewhere it is so steep"):
        tw.sample(steep, SGLD(0.5), Starts(np.full((4, 1), 0.01, np.float32)), key=KEY)


@pytest.mark.parametrize("inertia", [False, True])
def test_runs_of_langevin_say_so_too(inertia):
    def hill(x):
        return -jnp.sum(x**2)

    start: Any = np.ones(2, np.float32)
    rule: Any = Langevin(hill, 1.0)
    given: dict[str, Any] = {"dt": 0.5}
    if inertia:
        rule, start, given = Underdamped(hill, 0.9), Phase(start, 0 * start), {}
    words = "left the finite .* Its energy is unbounded below that way"
    with pytest.raises(tw.DivergenceError, match=words):
        tw.simulate(rule, start, steps=200, key=KEY, **given)


@pytest.mark.long
def test_an_energy_of_any_size_may_declare_a_box_of_one_coordinate():
    energy = tw.energies.DoubleWell()
    assert energy.domain.dimension == 1
    assert said_of(energy, cloud(3)) == ()
