"""The maps of `models` against closed forms and published numbers."""

import equinox as eqx
import jax
import numpy as np

import thalweg as tw


@eqx.filter_jit
def _step_and_jacobian(rule, state):
    return rule.step(0, state), jax.jacfwd(lambda x: rule.step(0, x))(state)


def step(rule, state):
    with jax.enable_x64(True):
        value, jacobian = _step_and_jacobian(rule, np.asarray(state, dtype=float))
    return np.asarray(value), np.atleast_2d(np.asarray(jacobian))


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


def test_henon_at_its_published_fixed_points():
    published = [
        ((0.6313544770895, 0.1894063431269), (-1.9237388582, 0.1559463223)),
        ((-1.1313544770895, -0.3394063431269), (-0.0920295620, 3.2598220979)),
    ]
    for point, multipliers in published:
        value, jacobian = step(tw.models.Henon(), point)
        close(value, point)
        close(np.sort(np.linalg.eigvals(jacobian)), multipliers, 1e-10)
        close(np.linalg.det(jacobian), -0.3)


def test_logistic_map_fixed_points_and_three_cycle():
    for r in (0.5, 3.2, 3.9):
        logistic = tw.models.Logistic(r=r)
        close(step(logistic, 0.0)[1], [[r]])
        value, jacobian = step(logistic, 1 - 1 / r)
        close(value, 1 - 1 / r)
        close(jacobian, [[2 - r]])
    r = 1 + np.sqrt(8) + 1e-3
    orbit = 0.5
    for _ in range(4000):
        orbit = r * orbit * (1 - orbit)
    point, multiplier = orbit, 1.0
    for _ in range(3):
        value, jacobian = step(tw.models.Logistic(r=r), point)
        point, multiplier = float(value), multiplier * jacobian[0, 0]
    close(point, orbit, 1e-12)
    assert abs(multiplier) < 1.0
