"""The main figures look as they did when they were looked at."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.plot.thumbnails import distance

import thalweg as tw
from thalweg.plot import portrait_data
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.trajectories import draw_trajectory

# Of 255: rounding, and another version's edges, stay below; a thin curve elsewhere does not.
SAME, OTHER = 6.0, 9.0


@pytest.fixture(scope="module")
def wells(four_wells):
    rule, equilibria, _ = four_wells
    return portrait_data(rule, equilibria=equilibria, energy=rule.energy)


@pytest.fixture(scope="module")
def membrane(fitzhugh_nagumo):
    rule, equilibria, cycles = fitzhugh_nagumo
    return portrait_data(rule, equilibria=equilibria, cycles=cycles)


@pytest.fixture(scope="module")
def population():
    cycles = [
        tw.Cycle(
            period=2.0, point=0.5, multipliers=np.array([0.16 + 0.0j]), trivial=None, stable=True,
            kind="attracting", states=np.array([0.79945549, 0.51304451]), times=np.arange(2),
            residual=0.0, accuracy=0.0,
        )
    ]  # fmt: skip
    return portrait_data(tw.models.Logistic(r=3.2), equilibria=(), cycles=cycles)


def test_portraits(wells, membrane, population):
    assert distance(draw_portrait(membrane), "portrait-membrane") < SAME
    assert distance(draw_portrait(wells), "portrait-wells") < SAME
    assert distance(draw_portrait(population), "portrait-population") < SAME


@pytest.mark.parametrize("layer", ["nullclines", "streams", "cycles", "runs"])
def test_a_layer_that_is_missing_is_seen(membrane, layer):
    empty = () if layer == "nullclines" else []
    assert distance(draw_portrait(membrane.replace(**{layer: empty})), "portrait-membrane") > OTHER


def test_basins_that_are_missing_or_mirrored_are_seen(wells):
    shades = wells.basins
    for other in (None, shades._replace(labels=shades.labels.T)):
        assert distance(draw_portrait(wells.replace(basins=other)), "portrait-wells") > OTHER


def test_landscapes_and_spectra(four_wells):
    rule, equilibria, _ = four_wells
    assert (
        distance(tw.plot.energy_landscape(rule.energy, equilibria=equilibria), "landscape") < SAME
    )
    turned = tw.energies.FourWells(a=2.0, b=2.2)
    assert distance(tw.plot.energy_landscape(turned, equilibria=equilibria), "landscape") > OTHER
    assert distance(tw.plot.spectrum(equilibria), "spectrum") < SAME
    assert distance(tw.plot.spectrum(equilibria[:3]), "spectrum") > OTHER


def test_verdicts(four_wells, fitzhugh_nagumo, wells, membrane):
    for name, (rule, equilibria, cycles), data in (
        ("verdict-wells", four_wells, wells),
        ("verdict-membrane", fitzhugh_nagumo, membrane),
    ):
        known = {"equilibria": equilibria, "cycles": cycles}
        found = tw.recover_energy(rule, thorough=False, **known)
        assert distance(tw.plot.verdict(found, rule, portrait=data, **known), name) < SAME
        assert distance(draw_portrait(data), name) > OTHER  # it is not the portrait again


def test_courses():
    times = np.linspace(0.0, 6.0, 61)
    few = np.stack([np.sin(times), np.cos(times)], axis=1)
    assert distance(draw_trajectory(times, few, ["x", "y"]), "course") < SAME
    units = np.stack([np.sin(times + k) * np.exp(-0.1 * k) for k in range(12)], axis=1)
    names = [f"u{k}" for k in range(12)]
    assert distance(draw_trajectory(times, units, names), "course-of-many") < SAME
    # Signed values part at zero: the colours of their negative are the other ones.
    assert distance(draw_trajectory(times, -units, names), "course-of-many") > OTHER
    run = tw.simulate(tw.as_map(lambda x: 0.8 * x), jnp.array([1.0]), steps=12)
    assert distance(tw.plot.energy_along(run, lambda x: jnp.sum(x**2)), "energy-along") < SAME
    assert distance(tw.plot.energy_along(run, lambda x: -jnp.sum(x**2)), "energy-along") > OTHER
