"""Langevin chains on the energy of a network against torchebm; MALA and NUTS against bare BlackJAX.

    python benchmarks/sampling.py
    python benchmarks/sampling.py --torch PATH/TO/PYTHON   (with torch and torchebm)

One thread each, processor time of calls in turn, compiled before; the median over rounds. BlackJAX
has the same energy, the same number of steps and the same warm-up; what counts is the least
effective sample size of a coordinate a second; to judge the draws, by the same diagnostics, counts
in both times.
"""

import argparse
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import blackjax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw
from thalweg.sampling import MALA, NUTS
from thalweg.sampling.diagnostics import diagnose

PEERS: Any = blackjax
ROUNDS, WIDTH, STEP = 15, 128, 0.01
# Coordinates, chains, steps.
SIZES = ((8, 64, 50), (128, 1024, 200))
COUNT, CHAINS, WARMUP, DIMENSION = 2000, 4, 500, 8

PEER = """
import sys, time, torch
torch.set_num_threads(1)
from torchebm.core import BaseModel
from torchebm.samplers import LangevinDynamics
dim, chains, steps, act = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
Act = {"tanh": torch.nn.Tanh, "silu": torch.nn.SiLU}[act]
class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(dim, 128), Act(),
            torch.nn.Linear(128, 128), Act(), torch.nn.Linear(128, 1))
    def forward(self, x):
        return self.net(x).squeeze(-1)
sampler, x = LangevinDynamics(Net(), step_size=0.01), torch.randn(chains, dim)
sampler.sample(x, n_steps=steps)
for line in sys.stdin:
    clock = time.process_time()
    sampler.sample(x, n_steps=steps)
    print(time.process_time() - clock, flush=True)
"""


class Network(eqx.Module):
    """The energy w·σ(B σ(A x + a) + b)."""

    layers: tuple[Any, ...]
    act: Callable[[Any], Any] = eqx.field(static=True)

    def __call__(self, state: Any) -> jax.Array:
        for matrix, bias in self.layers[:-1]:
            state = self.act(matrix @ state + bias)
        return self.layers[-1] @ state


def network(dim: int, act: str) -> Network:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return (rng.normal(size=shape) / np.sqrt(shape[-1])).astype(np.float32)

    layers = (
        (draw(WIDTH, dim), draw(WIDTH)),
        (draw(WIDTH, WIDTH), draw(WIDTH)),
        draw(WIDTH),
    )
    return Network(layers, {"tanh": jnp.tanh, "silu": jax.nn.silu}[act])


def processor_time(call: Callable[[], Any]) -> float:
    clock = time.process_time()
    call()
    return time.process_time() - clock


def langevin(python: str) -> None:
    for act in ("tanh", "silu"):
        for dim, chains, steps in SIZES:
            rule = tw.dynamics.Langevin(network(dim, act))
            starts = np.random.default_rng(1).normal(size=(chains, dim)).astype(np.float32)
            keys = jax.random.split(jax.random.key(0), chains)

            def lane(rule: Any, start: Any, key: Any, steps: int = steps) -> Any:
                run = tw.simulate(
                    rule, start, steps=steps, dt=STEP, key=key, save="end", throw=False
                )
                return run.last_state

            many = eqx.filter_jit(eqx.filter_vmap(lane, in_axes=(None, 0, 0)))

            def ours(many=many, rule=rule, starts=starts, keys=keys) -> None:
                jax.block_until_ready(many(rule, starts, keys))

            ours()
            command = [python, "-W", "ignore", "-c", PEER, str(dim), str(chains), str(steps), act]
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as peer:
                assert peer.stdin is not None
                assert peer.stdout is not None
                pairs = []
                for _ in range(ROUNDS):
                    own = processor_time(ours)
                    peer.stdin.write("go\n")
                    peer.stdin.flush()
                    pairs.append((own, float(peer.stdout.readline())))
                peer.stdin.close()
            own, other = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            print(
                f"{act} {steps} steps x {chains} chains x {dim}: thalweg {own * 1e3:.1f} ms, "
                f"torchebm {other * 1e3:.1f} ms, ratio {ratio:.2f}"
            )


class Bowl(eqx.Module):
    """The energy of a network in a bowl, which has a law."""

    inside: Network

    def __call__(self, state: Any) -> jax.Array:
        return self.inside(state) + jnp.sum(state**2) / 2


def bare(name: str, energy: Any, step_size: float, thin: int) -> Callable[[Any, Any], Any]:
    """Chains of BlackJAX as its documentation writes them: warm-up and draws, compiled."""

    def weight(x: Any) -> Any:
        return -energy(x)

    def one(start: Any, key: Any) -> Any:
        own, later = jax.random.split(key)
        if name == "NUTS":
            adaptation = PEERS.window_adaptation(PEERS.nuts, weight)
            (state, parameters), _ = adaptation.run(own, start, num_steps=WARMUP)
            algorithm = PEERS.nuts(weight, **parameters)
        else:
            algorithm = PEERS.mala(weight, step_size)
            state = algorithm.init(start)
            for_warmup = jax.random.split(own, WARMUP)
            state, _ = jax.lax.scan(lambda s, k: (algorithm.step(k, s)[0], None), state, for_warmup)

        def step(state: Any, key: Any) -> Any:
            state, info = algorithm.step(key, state)
            return state, info.acceptance_rate

        def draw(state: Any, keys: Any) -> Any:
            state, accepted = jax.lax.scan(step, state, keys)
            return state, (state.position, accepted)

        keys = jax.random.split(later, COUNT * thin).reshape(COUNT, thin)
        return jax.lax.scan(draw, state, keys)[1]

    return jax.jit(jax.vmap(one))


def against_blackjax() -> None:
    energy = Bowl(network(DIMENSION, "tanh"))
    # At an acceptance of .57 or so MALA's steps are best.
    step = 0.3
    rows = (("MALA", MALA(step), 1), ("MALA", MALA(step), 10), ("NUTS", NUTS(), 1))
    for name, method, thin in rows:
        other = bare(name, energy, step, thin)
        starts = np.random.default_rng(1).normal(size=(CHAINS, DIMENSION)).astype(np.float32)

        def ours(key: Any, method=method, thin=thin, starts=starts) -> float:
            run = tw.sample(
                energy, method, tw.sampling.Starts(starts), count=COUNT, chains=CHAINS,
                warmup=WARMUP, thin=thin, key=key,
            )  # fmt: skip
            return float(run.ess[:-1].min())

        def theirs(key: Any, other=other, starts=starts) -> float:
            draws = np.asarray(other(starts, jax.random.split(key, CHAINS))[0])
            return float(diagnose(draws)[0].min())

        ours(jax.random.key(0))
        theirs(jax.random.key(0))
        rates: dict[str, list[float]] = {"ours": [], "theirs": []}
        for index in range(ROUNDS):
            key = jax.random.key(index)
            for label, run in (("ours", ours), ("theirs", theirs)):
                clock = time.process_time()
                ess = run(key)
                rates[label].append(ess / (time.process_time() - clock))
        own, peer = (statistics.median(rates[label]) for label in ("ours", "theirs"))
        print(
            f"{name}, {thin} steps a draw: {own:.0f} effective draws a second, "
            f"BlackJAX {peer:.0f}: {own / peer:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", help="a Python that has torch and torchebm")
    options = parser.parse_args()
    if options.torch:
        langevin(options.torch)
    against_blackjax()


if __name__ == "__main__":
    main()
