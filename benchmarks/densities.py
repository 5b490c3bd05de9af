"""Persistent contrastive divergence on digits against scikit-learn's BernoulliRBM.

    python benchmarks/densities.py

Both have 16 hidden units, 100 chains, batches of 100, and about 4,000 updates, in one process in
turn; processor time of an update, compiled before, and log p of digits that were not learned from,
with log Z by enumeration. scikit-learn is given each of several rates, and the best one counts.
"""

import statistics
import time

import jax
import numpy as np
from sklearn.neural_network import BernoulliRBM

from thalweg.energies import Pairwise
from thalweg.learning import PersistentDivergence, Updates, learn_density
from thalweg.sampling import BlockGibbs
from thalweg.studies.boltzmann.digits import bits, first_machine, look_at

HIDDEN, BATCH, UPDATES, ROUNDS = 16, 100, 4000, 3
RATES = (0.01, 0.02, 0.05, 0.1, 0.2)


def log_p(machine: Pairwise, train: np.ndarray, test: np.ndarray) -> float:
    return look_at(machine, 0, train, test, 0, jax.random.key(0)).test


def ours(train: np.ndarray, count: int, seed: int) -> Pairwise:
    start = first_machine(train, HIDDEN, np.random.default_rng(seed))
    how = Updates(count, 2e-2, BATCH)
    method = PersistentDivergence(BlockGibbs(1.0), BATCH, 1, how)
    return learn_density(start, train, method, key=jax.random.key(seed)).energy


def peer(train: np.ndarray, count: int, seed: int, rate: float) -> Pairwise:
    epochs = count // (-(-len(train) // BATCH))
    found = BernoulliRBM(
        HIDDEN, learning_rate=rate, batch_size=BATCH, n_iter=epochs, random_state=seed
    ).fit(train)
    return Pairwise.rbm(found.components_.T, found.intercept_visible_, found.intercept_hidden_)


def main() -> None:
    train, test, _ = bits()
    ours(train, 50, 0)
    times: dict[str, list[float]] = {"thalweg": [], "scikit-learn": []}
    levels: dict[str, list[float]] = {"thalweg": [], "scikit-learn": []}
    for seed in range(ROUNDS):
        began = time.process_time()
        machine = ours(train, UPDATES, seed)
        times["thalweg"].append(time.process_time() - began)
        levels["thalweg"].append(log_p(machine, train, test))
        best, seconds = -np.inf, 0.0
        for rate in RATES:
            began = time.process_time()
            machine = peer(train, UPDATES, seed, rate)
            seconds += (time.process_time() - began) / len(RATES)
            best = max(best, log_p(machine, train, test))
        times["scikit-learn"].append(seconds)
        levels["scikit-learn"].append(best)
    for name in times:
        per_update = 1e3 * statistics.median(times[name]) / UPDATES
        print(f"{name:14} {per_update:.2f} ms an update, log p {np.mean(levels[name]):.2f}")


if __name__ == "__main__":
    main()
