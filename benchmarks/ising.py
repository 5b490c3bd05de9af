"""Sweeps of the Ising lattice, against NumPy and against thrml.

    python benchmarks/ising.py numpy
    python benchmarks/ising.py thrml --python PATH/TO/PYTHON   (with thrml)
    python benchmarks/ising.py general

Processor time of a sweep; ratios are medians over pairs of runs, ours and theirs in turn. NumPy
keeps each colour of the chessboard densely, in bytes; thrml gets the two colours as its blocks.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import equinox as eqx
import jax
import numpy as np

from thalweg.core.trees import as_arrays
from thalweg.energies import Pairwise, SparseCouplings
from thalweg.sampling import BlockGibbs

TEMPERATURE, SWEEPS, PAIRS = 2.0, 20, 7


@eqx.filter_jit
def swept(kernel, carry, key, count):
    def step(i, carry):
        return kernel.step(jax.random.fold_in(key, i), i, carry)[0]

    return jax.lax.fori_loop(0, count, step, carry)


def ours(energy, sweeps):
    """A function that takes that many sweeps, compiled."""
    kernel = as_arrays(BlockGibbs(TEMPERATURE).kernel(energy))
    start, key = energy.random(jax.random.key(0)), jax.random.key(1)
    carry = eqx.filter_jit(lambda kernel, state: kernel.init(state))(kernel, start)

    def run():
        jax.block_until_ready(swept(kernel, carry, key, np.int32(sweeps)))

    run()
    return run


class Dense:
    """A chessboard in NumPy, each colour a dense array of bytes 0 and 1."""

    def __init__(self, side):
        rng = np.random.default_rng(0)
        self.rng, shape = rng, (side, side // 2)
        self.colours = [rng.integers(0, 2, shape).astype(np.int8) for _ in range(2)]
        self.count, self.uniform = np.empty(shape, np.int8), np.empty(shape, np.float32)
        up = 2.0 * np.arange(5) - 4.0
        self.chances = (1.0 / (1.0 + np.exp(-2.0 * up / TEMPERATURE))).astype(np.float32)

    def sweep(self):
        for colour in (0, 1):
            own, other, count = self.colours[colour], self.colours[1 - colour], self.count
            np.add(other, np.roll(other, 1, 0), out=count)
            count += np.roll(other, -1, 0)
            left, right = (0, 1) if colour == 0 else (1, 0)
            count[left::2, 1:] += other[left::2, :-1]
            count[left::2, 0] += other[left::2, -1]
            count[right::2, :-1] += other[right::2, 1:]
            count[right::2, -1] += other[right::2, 0]
            self.rng.random(out=self.uniform, dtype=np.float32)
            np.less(self.uniform, self.chances[count], out=own.view(bool))

    def energy(self):
        """E a spin, to see that it samples what we do."""
        other, own = 2.0 * self.colours[1] - 1.0, 2.0 * self.colours[0] - 1.0
        beside = np.where(
            (np.arange(len(own)) % 2 == 0)[:, None], np.roll(other, 1, 1), np.roll(other, -1, 1)
        )
        near = other + np.roll(other, 1, 0) + np.roll(other, -1, 0) + beside
        return -float(np.mean(own * near)) / 2.0


def processor_time(run):
    begin = time.process_time()
    run()
    return time.process_time() - begin


def against_numpy(side):
    dense = Dense(side)
    run = ours(Pairwise.lattice(side), SWEEPS)
    pairs = []
    for _ in range(PAIRS):
        theirs = processor_time(lambda: [dense.sweep() for _ in range(SWEEPS)])
        pairs.append((processor_time(run) / SWEEPS, theirs / SWEEPS))
    report(f"{side}², packed, against NumPy", pairs)


def report(title, pairs):
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{title}: {1e3 * mine:.3f} ms against {1e3 * theirs:.3f} ms, ratio {ratio:.2f}")


PEER = """
import sys, time, json, jax, jax.numpy as jnp
from thrml import SpinNode, Block, SamplingSchedule, sample_states
from thrml.models import IsingEBM, IsingSamplingProgram, hinton_init
side, temperature, sweeps = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
grid = [[SpinNode() for _ in range(side)] for _ in range(side)]
nodes = [node for row in grid for node in row]
edges = [(grid[i][j], grid[(i + 1) % side][j]) for i in range(side) for j in range(side)]
edges += [(grid[i][j], grid[i][(j + 1) % side]) for i in range(side) for j in range(side)]
model = IsingEBM(nodes, edges, jnp.zeros(len(nodes)), jnp.ones(len(edges)),
                 jnp.array(1 / temperature))
colours = [[grid[i][j] for i in range(side) for j in range(side) if (i + j) % 2 == c]
           for c in (0, 1)]
blocks = [Block(colour) for colour in colours]
program = IsingSamplingProgram(model, blocks, clamped_blocks=[])
start = hinton_init(jax.random.key(0), model, blocks, ())
schedule = SamplingSchedule(n_warmup=sweeps, n_samples=1, steps_per_sample=1)
run = jax.jit(lambda key: sample_states(key, program, schedule, start, [], [Block(nodes[:1])]))
jax.block_until_ready(run(jax.random.key(1)))
print("ready", flush=True)
for line in sys.stdin:
    begin = time.process_time()
    jax.block_until_ready(run(jax.random.key(2)))
    print(json.dumps(time.process_time() - begin), flush=True)
"""


def against_thrml(side, python, sweeps=200):
    command = [python, "-c", PEER, str(side), str(TEMPERATURE), str(sweeps)]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert peer.stdin is not None
    assert peer.stdout is not None
    assert peer.stdout.readline().strip() == "ready"
    lattice = Pairwise.lattice(side)
    edges = np.stack(lattice.couplings.edges()[:2], axis=1)
    graph = Pairwise(SparseCouplings(edges, 1.0, side * side))
    runs = {"packed": ours(lattice, sweeps), "by its edges": ours(graph, sweeps)}
    pairs = {name: [] for name in runs}
    for _ in range(PAIRS):
        for name, run in runs.items():
            peer.stdin.write("go\n")
            peer.stdin.flush()
            theirs = json.loads(peer.stdout.readline())
            pairs[name].append((processor_time(run) / sweeps, theirs / sweeps))
    peer.stdin.close()
    peer.wait()
    for name, found in pairs.items():
        report(f"{side}², {name}, against thrml", found)


def general():
    """Lattices that are not packed, against the packed one of the same size."""
    packed = ours(Pairwise.lattice(256), SWEEPS)
    for name, energy in (
        ("in a field", Pairwise.lattice(256, fields=0.1)),
        ("Potts, 3 states", Pairwise.lattice(256, states=3)),
    ):
        run = ours(energy, SWEEPS)
        pairs = [
            (processor_time(packed) / SWEEPS, processor_time(run) / SWEEPS) for _ in range(PAIRS)
        ]
        report(f"256², packed, against the one {name}", pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["numpy", "thrml", "general"])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--side", type=int, default=0)
    asked = parser.parse_args()
    if asked.what == "numpy":
        against_numpy(asked.side or 1024)
    elif asked.what == "thrml":
        against_thrml(asked.side or 128, asked.python)
    else:
        general()


if __name__ == "__main__":
    main()
