"""Energies learned from every kind of data, against what the data are known to determine."""

import jax
import numpy as np
import pytest
from tests.learning.inverse.inverse_systems import QUICK, bowl, shrinking, wells
from tests.results import through_json

import thalweg as tw
from thalweg.learning import (
    Langevin,
    Pairs,
    Paths,
    Points,
    Samples,
    Trajectories,
    learn_energy,
)

KEY = jax.random.key(0)


@pytest.mark.long
def test_steps_of_known_length_fix_the_energy():
    # x⁺ = (1 − ηλ) x with η = .1, λ = 5.
    found = learn_energy(bowl(), Trajectories(shrinking(0.5), step=0.1), key=KEY, training=QUICK)
    assert float(found.energy.stiffness) == pytest.approx(5.0, rel=1e-3)
    assert found.identified.is_scale_known
    assert found.certificates.share == 1.0
    assert len(found.equilibria) == 1
    assert found.supported == (3,)
    assert found.spurious == ()


@pytest.mark.long
def test_steps_of_unknown_length_fix_their_product_with_the_energy():
    data = Trajectories(shrinking(0.5))
    found = learn_energy(bowl(), data, key=KEY, training=QUICK)
    product = float(found.energy.stiffness) * float(found.rule.step_size)
    assert product == pytest.approx(0.5, rel=1e-3)
    assert not found.identified.is_scale_known
    assert found.identified.up_to.startswith("a factor > 0")


@pytest.mark.long
def test_runs_of_a_flow_at_known_times_fix_the_energy():
    times = np.array([0.0, 0.2, 0.5, 0.9])
    states = np.array([1.0, -2.0])[:, None, None] * np.exp(-1.5 * times)[None, :, None]
    found = learn_energy(bowl(), Trajectories(states, times=times), key=KEY, training=QUICK)
    assert float(found.energy.stiffness) == pytest.approx(1.5, rel=1e-3)


def test_samples_at_rest_fix_the_inverse_of_the_variance():
    draws = np.random.default_rng(0).normal(0.0, 0.8, (200, 1))
    training = tw.learning.Training(updates=1000, rate=0.1, batch_size=200, held_out=0.0)
    found = learn_energy(bowl(), Samples(draws), key=KEY, training=training)
    assert float(found.energy.stiffness) == pytest.approx(1.0 / np.mean(draws**2), rel=1e-3)


@pytest.mark.long
def test_langevin_states_fix_energy_and_temperature_without_the_bias_of_euler():
    rate, temperature, duration, count = 1.5, 0.7, 0.3, 1500
    rho = np.exp(-rate * duration)
    noise = np.random.default_rng(1).standard_normal(count)
    states = np.zeros(count + 1)
    for i in range(count):
        spread = np.sqrt(temperature / rate * (1.0 - rho**2))
        states[i + 1] = rho * states[i] + spread * noise[i]
    x, y = states[:-1], states[1:]
    # The exact estimate: AR(1), λ = −log ρ / Δt, T = λ var / (1 − ρ²).
    fitted = np.sum(x * y) / np.sum(x * x)
    expected = -np.log(fitted) / duration
    heat = expected * np.mean((y - fitted * x) ** 2) / (1.0 - fitted**2)
    training = tw.learning.Training(updates=600, rate=0.05, batch_size=count, held_out=0.0)
    found = learn_energy(
        bowl(), Langevin(states[None, :, None], duration), key=KEY, training=training
    )
    assert float(found.energy.stiffness) == pytest.approx(expected, rel=1e-3)
    assert found.temperature == pytest.approx(heat, rel=1e-3)
    euler = (1.0 - fitted) / duration
    assert abs(euler - expected) > 0.2 * expected


@pytest.mark.long
def test_points_are_learned_with_their_starts():
    points = np.array([[1.0], [1.02], [-1.0], [-0.98], [1.01], [-1.03]])
    gentle = tw.learning.Training(updates=600, rate=0.01)
    found = learn_energy(wells(), Points(points, width=0.3), key=KEY, training=gentle)
    assert found.starts is not None
    assert abs(float(found.energy.width)) == pytest.approx(1.0, abs=0.03)
    assert found.certificates.share == 1.0
    assert sorted(np.round([e.state[0] for e in found.equilibria], 1)) == [-1.0, 0.0, 1.0]
    assert sorted(found.supported) == [0, 3, 3]


@pytest.mark.long
def test_pairs_say_where_starts_end():
    starts = np.array([[0.5], [1.6], [-0.4], [-1.5]])
    found = learn_energy(wells(), Pairs(starts, np.sign(starts)), key=KEY, training=QUICK)
    assert abs(float(found.energy.width)) == pytest.approx(1.0, abs=0.01)
    assert found.certificates.share == 1.0


@pytest.mark.long
def test_paths_fix_the_energy_up_to_an_increasing_function():
    # E = λ₁x²/2 + λ₂y²/2: paths are y = c x^(λ₂/λ₁), whatever their speed.
    x = np.linspace(1.0, 0.2, 30)
    paths = [np.stack([x, c * x**3.0], axis=1) for c in (1.0, -0.5, 2.0)]
    found = learn_energy(
        tw.energies.Quadratic(np.diag([1.0, 1.0])), Paths(paths), key=KEY, training=QUICK
    )
    matrix = 0.5 * (found.energy.matrix + found.energy.matrix.T)
    assert matrix[1, 1] / matrix[0, 0] == pytest.approx(3.0, rel=0.02)
    assert "increasing function" in str(found)


@pytest.mark.long
def test_a_minimum_without_data_is_called_spurious():
    # All runs end in the right well; the model's form puts a mirror image on the left.
    x = np.linspace(0.4, 1.8, 5)[:, None]
    states = [x]
    for _ in range(40):
        states.append(states[-1] - 0.05 * 4.0 * 0.5 * states[-1] * (states[-1] ** 2 - 1.0))
    data = Trajectories(np.stack(states, axis=1), step=0.05)
    found = learn_energy(wells(), data, key=KEY, training=QUICK, domain=tw.Box([-2.0], [2.0]))
    assert len(found.minima) == 2
    assert [round(float(found.equilibria[i].state[0])) for i in found.spurious] == [-1]
    assert "2 minima, 1 of them without data" in str(found)


def test_a_result_is_read_back_and_keeps_to_the_page():
    data = Trajectories(shrinking(0.5), step=0.1)
    found = learn_energy(bowl(), data, key=KEY, training=QUICK)
    again = through_json(found)
    assert again == found
    with pytest.raises(tw.InputError, match="does not keep the learned energy"):
        again.energy(0.0)
    for part in (found, found.certificates, found.identified):
        assert max(map(len, str(part).splitlines())) <= 80
    assert "3 of 3 runs certified" in str(found)
    assert "No data were held out" in str(found)


def test_another_energy_of_the_class_compiles_nothing(count_compiles):
    data, other = (Trajectories(shrinking(rate), step=0.1) for rate in (0.5, 0.6))
    learn_energy(bowl(), data, key=KEY, training=QUICK)
    with count_compiles() as compiled:
        learn_energy(bowl(3.0), other, key=KEY, training=QUICK)
    assert compiled.count == 0


@pytest.mark.long
def test_loss_of_a_step_is_relative():
    from thalweg.learning.inverse.losses import step_loss

    small, large = (step_loss(np.array([1.1]) * s, np.array([1.0]) * s, 0.0) for s in (1e-3, 1.0))
    assert float(small) == pytest.approx(0.01) == float(large)


@pytest.mark.long
def test_score_matching_is_exact():
    from thalweg.learning.inverse.losses import score_loss

    # ½|Ax|² − tr A.
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]], np.float32)
    x = np.array([1.0, -2.0], np.float32)
    loss = score_loss(tw.energies.Quadratic(matrix), jax.numpy.asarray(x))
    assert float(loss) == pytest.approx(0.5 * np.sum((matrix @ x) ** 2) - 3.0, rel=1e-6)
