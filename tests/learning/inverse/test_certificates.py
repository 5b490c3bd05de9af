"""What a certificate refuses: flat energies, saddles, other basins, what is not explained."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.learning.inverse.inverse_systems import bowl, shrinking, wells
from tests.results import through_json

import thalweg as tw
from thalweg.learning import DETERMINED, Demands, Identified, Points, certify

POINTS = Points(np.array([[1.0], [-1.0], [1.0]]))
WELLS = wells(1.0, 1.0)


def flat(state):
    return 0.0 * jnp.sum(state)


def test_a_flat_energy_with_starts_at_the_points_fails():
    made = certify(flat, POINTS, POINTS.states)
    np.testing.assert_array_equal(made.residuals, 0.0)
    assert not np.any(made.holds)
    assert "rest where the energy is flat" in made.remarks()[0]
    # Even with starts elsewhere, which then rest there.
    assert not np.any(certify(flat, POINTS, 0.5 * POINTS.states).holds)


def test_wells_at_the_points_hold_from_starts_in_their_basins():
    made = certify(WELLS, POINTS, 0.5 * POINTS.states)
    assert np.all(made.holds)
    np.testing.assert_allclose(made.curvatures, 8.0, rtol=1e-6)
    other = certify(WELLS, POINTS, np.array([[0.5], [0.5], [0.5]]))
    np.testing.assert_array_equal(other.holds, [True, False, True])
    np.testing.assert_array_equal(other.in_basin, [True, False, True])
    # A start at its end says nothing.
    still = certify(WELLS, POINTS, POINTS.states)
    assert not np.any(still.holds)
    assert "start within" in still.remarks()[0]


def test_a_saddle_that_a_run_cannot_leave_fails():
    ridge = Points(np.array([[0.0], [0.0], [1.0]]))
    made = certify(WELLS, ridge, np.array([[0.0], [0.0], [0.5]]))
    np.testing.assert_array_equal(made.holds, [False, False, True])
    assert made.curvatures[0] == pytest.approx(-4.0)


def test_steps_that_are_not_explained_fail():
    data = tw.learning.Trajectories(shrinking(0.5), step=0.1)
    assert np.all(certify(bowl(5.0), data).holds)
    off = certify(bowl(1.0), data)
    # A step of ηλ = .1 where .5 was seen misses four fifths of it.
    np.testing.assert_allclose(off.residuals, 0.8, rtol=2e-2)
    assert not np.any(off.holds)
    lenient = certify(bowl(1.0), data, demands=Demands(residual=0.9))
    assert np.all(lenient.holds)


def test_noise_explains_what_it_can():
    rng = np.random.default_rng(0)
    noisy = shrinking(0.9, 60) + rng.normal(0.0, 0.02, (3, 60, 1))
    told = tw.learning.Trajectories(noisy, step=0.1, noise=0.02)
    assert np.all(certify(bowl(1.0), told).residuals < 0.3)
    untold = tw.learning.Trajectories(noisy, step=0.1)
    assert np.all(certify(bowl(1.0), untold).residuals > 0.5)


def test_certificates_are_read_back():
    made = certify(WELLS, POINTS, 0.5 * POINTS.states)
    assert through_json(made) == made
    with pytest.raises(tw.InputError, match="give starts of the shape"):
        certify(WELLS, POINTS)


def test_the_table_of_what_data_determine():
    assert len(DETERMINED) == 8
    row = Identified("points", ("Barriers are not seen.",))
    assert row.up_to == "the minima, nothing more"
    assert [cells[0] for cells in row.table()[1]].count("→") == 1
    assert through_json(row) == row
    assert "Barriers are not seen." in str(row)
