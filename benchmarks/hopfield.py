"""Hopfield networks: retrieval against NumPy, the energy layer's gradient against PyTorch.

    python benchmarks/hopfield.py retrieval
    python benchmarks/hopfield.py gradient --torch PATH/TO/PYTHON   (with torch and torchdiffeq)
    python benchmarks/hopfield.py memory
    python benchmarks/hopfield.py adjoints

All ratios are medians over pairs of runs, ours and theirs in turn.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics.spin_sweeps import memo_of, sweep_with_memo
from thalweg.energies import ContinuousHopfield, DenseCouplings, Hopfield, ModernHopfield
from thalweg.learning import compare_adjoints
from thalweg.models.hopfield import EnergyClassifier, GradedNeurons, hebb, retrieve
from thalweg.studies.hopfield.training import CONFIGURATIONS, cross_entropy

SIZE, COUNT, SPOILT = 10_000, 500, 0.1
BATCH, STEPS = 128, 10


def timed(fn):
    began = time.perf_counter()
    value = jax.block_until_ready(fn())
    return time.perf_counter() - began, value


def row_by_row(matrix, x, rng):
    """Every spin computes its field from its row, until a sweep turns none."""
    x, sweeps = x.copy(), 0
    while True:
        turned = 0
        for i in rng.permutation(len(x)):
            h = matrix[i] @ x
            if h * x[i] < 0:
                x[i] = -x[i]
                turned += 1
        sweeps += 1
        if not turned:
            return x, sweeps


def incremental(matrix, x, rng):
    """Fields are kept, and change at flips only."""
    x, h, sweeps = x.copy(), matrix @ x, 0
    while True:
        turned = 0
        for i in rng.permutation(len(x)):
            if h[i] * x[i] < 0:
                x[i] = -x[i]
                h += 2.0 * x[i] * matrix[i]
                turned += 1
        sweeps += 1
        if not turned:
            return x, sweeps


def compare(name, runs, ours, theirs):
    ours()
    pairs = []
    for _ in range(runs):
        pairs.append((timed(ours)[0], timed(theirs)[0]))
    ratios = [b / a for a, b in pairs]
    print(
        f"{name:52}{1e3 * statistics.median(a for a, _ in pairs):9.1f} ms against "
        f"{1e3 * statistics.median(b for _, b in pairs):9.1f} ms: ratio "
        f"{statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


def retrieval(runs):
    rng = np.random.default_rng(0)
    patterns = rng.choice(np.array([-1.0, 1.0], np.float32), (COUNT, SIZE))
    low_rank = hebb(patterns)
    matrix = (patterns.T @ patterns) / np.float32(SIZE)
    np.fill_diagonal(matrix, 0.0)
    start = patterns[0] * np.where(rng.random(SIZE) < SPOILT, -1, 1).astype(np.float32)
    low_rank = jax.tree.map(jnp.asarray, low_rank)
    dense = jax.tree.map(jnp.asarray, Hopfield(DenseCouplings(matrix)))
    read = statistics.median(timed(lambda: matrix @ start)[0] for _ in range(9))
    print(f"reading W once (a product with a vector): {1e3 * read:.1f} ms")
    for name, network in (("Hebbian", low_rank), ("dense", dense)):
        found = retrieve(network, start)
        overlap = float(np.mean(found.state * patterns[0]))
        print(f"{name}: {found}, overlap {overlap:.4f}")
        for label, theirs in (("row by row", row_by_row), ("incremental", incremental)):
            compare(
                f"retrieval, {name} couplings, against NumPy {label}",
                runs,
                lambda network=network: retrieve(network, start).state,
                lambda theirs=theirs: theirs(matrix, start, np.random.default_rng(1))[0],
            )
        settled_sweep(name, network, matrix, found.state, runs)


def settled_sweep(name, network, matrix, state, runs):
    """A sweep that turns no spin, fields or overlaps being known."""
    x, order = jnp.asarray(state), jnp.arange(SIZE)
    memo, free, sweep = memo_of(network, x), x != 0, eqx.filter_jit(sweep_with_memo)
    compare(
        f"a settled sweep, {name} couplings, against row by row",
        runs,
        lambda: sweep(network, x, memo, order, free),
        lambda: row_by_row(matrix, state, np.random.default_rng(1))[0],
    )


TORCH = """
import json, sys, time, statistics
import torch
from torchdiffeq import odeint_adjoint
torch.set_num_threads(int(sys.argv[1]))
runs, batch, steps = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.manual_seed(0)

class Field(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(64, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 64))
    def forward(self, t, x):
        with torch.enable_grad():
            if not x.requires_grad:
                x = x.requires_grad_(True)
            f = self.net(x)
            energy = 5.0 * torch.sqrt((f * f).sum(1)).sum()
            return -torch.autograd.grad(energy, x, create_graph=True)[0]

field = Field()
x = torch.randn(batch, 64)
c = torch.randn(batch, 64)

def plain():
    y, h = x.clone().requires_grad_(True), 1.0 / steps
    z = y
    for _ in range(steps):
        k1 = field(0, z); k2 = field(0, z + h / 2 * k1)
        k3 = field(0, z + h / 2 * k2); k4 = field(0, z + h * k3)
        z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    (z * c).sum().backward()

def adjoint():
    y = x.clone().requires_grad_(True)
    t = torch.tensor([0.0, 1.0])
    z = odeint_adjoint(field, y, t, method="rk4", options={"step_size": 1.0 / steps})[-1]
    (z * c).sum().backward()

for name in sys.stdin:
    fn = {"plain": plain, "adjoint": adjoint}[name.strip()]
    for p in field.parameters(): p.grad = None
    began = time.perf_counter(); fn()
    print(json.dumps(time.perf_counter() - began), flush=True)
"""


def gradient(runs, python, threads):
    norm = next(c for c in CONFIGURATIONS if c.name == "norm")
    model = EnergyClassifier.random("norm", jax.random.key(0), scale=norm.scale)
    rng = np.random.default_rng(0)
    x, c = (jnp.asarray(rng.standard_normal((BATCH, 64)), jnp.float32) for _ in range(2))
    images = jnp.asarray(rng.standard_normal((BATCH, 784)), jnp.float32)
    labels, key = jnp.asarray(rng.integers(0, 10, BATCH)), jax.random.key(0)

    @eqx.filter_jit
    def layer_gradient(moving):
        return eqx.filter_grad(lambda m: jnp.sum(jax.vmap(m[0])(m[1]) * c))(moving)

    @eqx.filter_jit
    def step_gradient(model):
        return eqx.filter_grad(lambda m: cross_entropy(m, (images, labels), key)[0])(model)

    def ours():
        return layer_gradient((model.layer, x))

    multiplied = 12 * 4 * STEPS * 2 * BATCH * 64 * 1024
    a, b = (jnp.asarray(rng.standard_normal(s), jnp.float32) for s in ((BATCH, 64), (64, 1024)))
    products = jax.jit(
        lambda a, b: jax.lax.fori_loop(0, 50, lambda i, y: ((a + y) @ b) @ b.T * 1e-3, a)
    )
    ours()
    products(a, b)
    best = min(timed(lambda: products(a, b))[0] for _ in range(9))
    rate = 50 * 2 * 2 * BATCH * 64 * 1024 / best
    bound = multiplied / rate
    clock = statistics.median(timed(ours)[0] for _ in range(runs * 3))
    step_gradient(model)
    full = statistics.median(timed(lambda: step_gradient(model))[0] for _ in range(runs * 3))
    print(
        f"matrix products {rate / 1e9:.0f} GFLOP/s; bound {1e3 * bound:.0f} ms; layer "
        f"{1e3 * clock:.0f} ms ({bound / clock:.0%} of the bound); whole network "
        f"{1e3 * full:.0f} ms, {BATCH / full:.0f} samples/s"
    )
    if python is None:
        print("no --torch: not compared with PyTorch")
        return
    words = [python, "-c", TORCH, *(str(v) for v in (threads, runs, BATCH, STEPS))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        stdin, stdout = peer.stdin, peer.stdout
        assert stdin is not None
        assert stdout is not None

        def ask(name):
            stdin.write(f"{name}\n")
            stdin.flush()
            return json.loads(stdout.readline())

        for name, label in (("adjoint", "torchdiffeq's adjoint"), ("plain", "PyTorch's backprop")):
            ask(name)
            pairs = [(timed(ours)[0], ask(name)) for _ in range(runs * 3)]
            ratios = [b / a for a, b in pairs]
            print(
                f"{label}: {1e3 * statistics.median(b for _, b in pairs):.0f} ms, ours "
                f"{1e3 * statistics.median(a for a, _ in pairs):.0f} ms: ratio "
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            )
        stdin.close()


def memory(runs):
    """Errors of one update: 2,000 Gaussian patterns of norm √d, d = 64, noise 0.3."""
    rng = np.random.default_rng(0)
    stored = rng.standard_normal((2000, 64))
    stored *= 8.0 / np.linalg.norm(stored, axis=1, keepdims=True)
    queries = stored + 0.3 * rng.standard_normal(stored.shape)
    with jax.enable_x64(True):
        for inverse in (0.125, 0.25, 0.5):
            found = np.asarray(ModernHopfield(stored, 1.0 / inverse).retrieve(queries))
            errors = np.linalg.norm(found - stored, axis=1) / 8.0
            print(f"β = {inverse:<6g} median relative error {np.median(errors):.2g}")


def adjoints(runs):
    """The three gradients of a network of 16 graded neurons over t = 1."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((16, 16)) / 4
    flow = GradedNeurons(ContinuousHopfield(matrix + matrix.T, 0.1 * rng.standard_normal(16)))
    start = rng.standard_normal(16)
    for layers in (100, 1000):
        print(f"{layers} layers")
        options = {"layers": layers, "runs": 10 * runs}
        print(compare_adjoints(flow, lambda z: jnp.sum(z**2), start, (0.0, 1.0), **options))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["retrieval", "gradient", "memory", "adjoints"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--torch", help="a Python that has torch and torchdiffeq")
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch")
    given = parser.parse_args()
    if given.what == "gradient":
        gradient(given.runs, given.torch, given.threads)
    else:
        {"retrieval": retrieval, "memory": memory, "adjoints": adjoints}[given.what](given.runs)


if __name__ == "__main__":
    sys.exit(main())
