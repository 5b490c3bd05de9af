"""A spin glass small enough for its whole law, and how well its couplings can be known."""

import numpy as np

from thalweg.energies import Pairwise, SparseCouplings
from thalweg.sampling import FiniteBoltzmann, all_spins

PLACES = np.arange(9).reshape(3, 3)
EDGES = np.concatenate([
    np.stack([PLACES.ravel(), np.roll(PLACES, -1, axis).ravel()], axis=1) for axis in (0, 1)
])  # fmt: skip
TRUTH = np.random.default_rng(0).choice([-0.5, 0.5], len(EDGES))
SPINS = all_spins(9).astype(float)


def glass(couplings) -> Pairwise:
    """Spins on a torus of 3 × 3."""
    return Pairwise(SparseCouplings(EDGES, np.asarray(couplings, float), 9))


LAW = FiniteBoltzmann(glass(TRUTH), 1.0, all_spins(9)).masses


def draws(count: int, rng: np.random.Generator) -> np.ndarray:
    """Exact draws of the true glass, in order."""
    return np.repeat(SPINS, rng.multinomial(count, LAW), axis=0)


def least_error(count: int) -> float:
    """The root mean square error of a coupling by Cramér and Rao."""
    products = SPINS[:, EDGES[:, 0]] * SPINS[:, EDGES[:, 1]]
    centred = products - LAW @ products
    information = centred.T @ (centred * LAW[:, None])
    return float(np.sqrt(np.mean(np.diagonal(np.linalg.inv(information))) / count))
