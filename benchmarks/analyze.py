"""`thalweg analyze` in a new process: wall time, where it goes, and how many programs it compiles.

    python benchmarks/analyze.py [SYSTEM …] [--runs 5]

Every run is a process of its own. The first one has an empty compilation cache (cold), the others
a warm one. Target: `analyze fitzhugh-nagumo` under 4 s warm (median of 5), at most 8 programs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Runs the command inside a process that listens to what JAX does. `inside` holds what tracing and
# compiling took; programs that are traced inside a trace count once, as JAX reports them.
_LISTENER = """
import json, sys, time
began = time.perf_counter()
from thalweg.cli.main import app
from thalweg.cli.startup import prepare_environment
prepare_environment()
light = time.perf_counter() - began
began = time.perf_counter()
import jax, equinox
heavy = time.perf_counter() - began
spent, count = {}, {}
def duration(event, seconds, **_):
    name = event.rpartition("/")[2]
    spent[name] = spent.get(name, 0.0) + seconds
    count[name] = count.get(name, 0) + 1
def happened(event, **_):
    name = event.rpartition("/")[2]
    count[name] = count.get(name, 0) + 1
jax.monitoring.register_event_duration_secs_listener(duration)
jax.monitoring.register_event_listener(happened)
began = time.perf_counter()
import thalweg.analysis, thalweg.recovery, thalweg.cli.commands.analyze
ours = time.perf_counter() - began
began = time.perf_counter()
app(sys.argv[1:], standalone_mode=False)
work = time.perf_counter() - began
print(json.dumps([light, heavy, ours, work, spent, count]), file=sys.stderr)
"""


def run(system: str, environment: dict[str, str]) -> float:
    """The wall time of one `thalweg analyze SYSTEM --json`, in seconds."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from thalweg.cli.main import run; run()",
         "analyze", system, "--json"],
        env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - began


def breakdown(system: str, environment: dict[str, str]) -> list[tuple[str, float | int]]:
    """Where the time of one warm run goes, in seconds, and what was compiled."""
    done = subprocess.run(
        [sys.executable, "-c", _LISTENER, "analyze", system, "--json"],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    light, heavy, ours, work, spent, count = json.loads(done.stderr.strip().splitlines()[-1])
    tracing = spent.get("jaxpr_trace_duration", 0.0)
    lowering = spent.get("jaxpr_to_mlir_module_duration", 0.0)
    loading = spent.get("backend_compile_duration", 0.0)
    return [
        ("import of the command line", light),
        ("import of jax and equinox", heavy),
        ("import of thalweg's rooms", ours),
        ("tracing", tracing),
        ("lowering", lowering),
        ("loading from the cache, or compiling", loading),
        ("computing and the rest", work - tracing - lowering - loading),
        ("programs", count.get("backend_compile_duration", 0)),
        ("of them compiled anew", count.get("cache_misses", 0)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("systems", nargs="*", default=["fitzhugh-nagumo"])
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
        environment["XDG_CACHE_HOME"] = folder
        for system in arguments.systems:
            cold = run(system, environment)
            warm = [run(system, environment) for _ in range(arguments.runs)]
            print(f"{system}: cold {cold:.2f} s, warm {statistics.median(warm):.2f} s "
                  f"(median of {arguments.runs}; {min(warm):.2f} to {max(warm):.2f})")  # fmt: skip
            for name, value in breakdown(system, environment):
                print(f"    {name:40}{value if isinstance(value, int) else f'{value:.2f} s'}")


if __name__ == "__main__":
    main()
