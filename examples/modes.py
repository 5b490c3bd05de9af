"""A deep linear network learns the modes of its task one after the other, the strongest first."""

import jax
import numpy as np
from matplotlib.figure import Figure

import thalweg as tw
from thalweg.models import deep_linear as dl

strengths = np.array([4.0, 2.5, 1.5])
task = dl.Covariances(np.diag(strengths))
network = dl.DeepLinearNetwork(task, widths=(3, 4, 3), tau=1.0)
start = dl.small_gaussian(network.widths, scale=0.01, key=jax.random.key(3))

run = tw.simulate(network, start, duration=8.0, save=161)
learned = dl.Modes.of(task).of_product(run.states)  # the strength of each mode in W² W¹
theory = dl.predict_small_start(task, start).strengths(np.asarray(run.times))

figure = Figure(figsize=(4.6, 3.4), layout="constrained")
axes = figure.subplots()
lines = axes.plot(run.times, learned)
axes.plot(run.times, theory, color="gray", linestyle=":")
axes.legend(lines, [f"mode of strength {s:g}" for s in strengths], frameon=False)
axes.set(xlabel="time", ylabel="learned strength")
figure.savefig("modes.svg")
