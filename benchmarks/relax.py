"""Gradients through 100 steps to rest of a 784-512-512-10 network, batch 128: time and memory.

    python benchmarks/relax.py
    python benchmarks/relax.py --torch PATH/TO/PYTHON   (with torch and torchdeq)

Measured on two cores: implicit 1.15 forward runs, equilibrium propagation 1.3, unrolled 3.8, 4.4
when checkpointed; 5.8, 4, 310 and 44 MB. No gradient costs less than the forward run, so none can
be an eighth of one that costs 3.8: of the unrolled time the implicit gradient takes .30.

Processor time of a call, compiled, in units of the forward run; the median over rounds in turn.
Peers do the same arithmetic in a process of their own and report their own ratio to their own
forward run, and their seconds.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import time
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw
from thalweg.learning import EquilibriumPropagation, Implicit, Unrolled

SIZES, BATCH, STEPS, ROUNDS, STEP_SIZE = (784, 512, 512, 10), 128, 100, 5, 0.2

PEER = """
import json, sys, time, torch
from torchdeq import get_deq
torch.set_num_threads(1)
steps, rounds, eta = 100, 2, 0.2
torch.manual_seed(0)
sizes = (784, 512, 512, 10)
W = [torch.nn.Parameter(torch.randn(m, n) * 0.5 / n**0.5) for n, m in zip(sizes[:-1], sizes[1:])]
x, y = torch.randn(128, 784), torch.randn(128, 10)
cuts = [0, 512, 1024, 1034]

def step(s):
    u = [s[:, a:b] for a, b in zip(cuts[:-1], cuts[1:])]
    r = [torch.tanh(v) for v in u]
    new = []
    for i, v in enumerate(u):
        below = (x if i == 0 else r[i - 1]) @ W[i].T
        above = r[i + 1] @ W[i + 1] if i + 1 < len(u) else 0.0
        new.append(v - eta * (v - (1 - r[i] ** 2) * (below + above)))
    return torch.cat(new, 1)

def loss(s):
    return 0.5 * ((s[:, 1024:] - y) ** 2).mean(1).mean()

def forward():
    with torch.no_grad():
        s = torch.zeros(128, 1034)
        for _ in range(steps):
            s = step(s)
    return s

def unrolled():
    s = torch.zeros(128, 1034)
    for _ in range(steps):
        s = step(s)
    torch.autograd.grad(loss(s), W)

deq = get_deq(f_solver="fixed_point_iter", f_max_iter=steps, f_tol=0.0, ift=True,
              b_solver="fixed_point_iter", b_max_iter=steps, b_tol=1e-5)

def implicit():
    out, _ = deq(step, torch.zeros(128, 1034))
    torch.autograd.grad(loss(out[-1]), W)

def clock(job):
    began = time.process_time()
    job()
    return time.process_time() - began

jobs = {"forward": forward, "unrolled": unrolled, "torchdeq": implicit}
for job in jobs.values():
    job()
times = {name: [] for name in jobs}
for _ in range(rounds):
    for name, job in jobs.items():
        times[name].append(clock(job))
print(json.dumps(times))
"""


class Layered(eqx.Module):
    """½Σ|s_k|² − Σ tanh(s_k)·W_k tanh(s_{k−1}), with s_0 the input as it is."""

    weights: Any

    def __call__(self, state, input):
        energy, below = 0.0, input
        for weight, s in zip(self.weights, state, strict=True):
            r = jnp.tanh(s)
            energy, below = energy + 0.5 * s @ s - r @ (weight @ below), r
        return energy


def problem() -> tuple[tw.GradientStep, Any, Any, Any]:
    rng = np.random.default_rng(0)
    pairs = itertools.pairwise(SIZES)
    weights = tuple(jnp.asarray(rng.normal(0, 0.5 / n**0.5, (m, n)), jnp.float32) for n, m in pairs)
    start = tuple(jnp.zeros((BATCH, m), jnp.float32) for m in SIZES[1:])
    x, y = (jnp.asarray(rng.standard_normal((BATCH, n)), jnp.float32) for n in (784, 10))
    return tw.GradientStep(Layered(weights), STEP_SIZE), start, x, y


def programs() -> dict[str, tuple[Any, Any, float]]:
    """Compiled calls, their memory beside inputs and outputs in MB, and the time of compiling."""
    rule, start, x, y = problem()

    def loss(end, y):
        return 0.5 * jnp.mean((end.state[-1] - y) ** 2)

    def layer(gradient):
        return tw.Relax(rule, gradient, tol=0.0, max_steps=STEPS)

    def forward(layer):
        return jax.vmap(lambda s, x: layer(s, x).state)(start, x)

    def gradient(layer):
        found = layer.value_and_grad(loss, start, x, y, batched=True)
        return found.value, found.layer

    jobs = {
        "forward": (forward, Implicit()),
        "implicit": (gradient, Implicit(rtol=1e-5)),
        "equilibrium propagation, 20 nudged steps": (
            gradient,
            EquilibriumPropagation(0.1, 2, max_steps=20),
        ),
        "unrolled": (gradient, Unrolled()),
        "unrolled, checkpointed": (gradient, Unrolled(checkpoint=True)),
    }
    made = {}
    for name, (job, strategy) in jobs.items():
        began = time.perf_counter()
        compiled = eqx.filter_jit(job).lower(layer(strategy)).compile()  # type: ignore[attr-defined]
        memory = compiled.compiled.memory_analysis().temp_size_in_bytes / 1e6
        call = eqx.Partial(
            lambda run, layer: jax.block_until_ready(run(layer)), compiled, layer(strategy)
        )
        made[name] = (call, memory, time.perf_counter() - began)
    return made


def wait(compiled, layer):
    return jax.block_until_ready(compiled(layer))


def cpu_seconds(job) -> float:
    began = time.process_time()
    job()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", help="a Python with torch and torchdeq")
    chosen = parser.parse_args()
    made = programs()
    for job, _, _ in made.values():
        job()
    rounds = [{n: cpu_seconds(job) for n, (job, _, _) in made.items()} for _ in range(ROUNDS)]
    print(f"{'':42} forward runs  memory    compiling")
    for name, (_, memory, compiling) in made.items():
        ratio = statistics.median(r[name] / r["forward"] for r in rounds)
        print(f"{name:42} {ratio:12.2f}  {memory:6.1f} MB  {compiling:4.1f} s")
    print(f"forward: {statistics.median(r['forward'] for r in rounds):.3f} s of CPU")
    if chosen.torch:
        done = subprocess.run(
            [chosen.torch, "-c", PEER], capture_output=True, text=True, check=True
        )
        times = json.loads(done.stdout.splitlines()[-1])
        for name, values in times.items():
            ratios = [a / b for a, b in zip(values, times["forward"], strict=True)]
            own = statistics.median(values)
            print(f"PyTorch {name:12} {statistics.median(ratios):6.2f} of its forward, {own:.3f} s")


if __name__ == "__main__":
    main()
