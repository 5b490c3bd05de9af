"""Systems and functions that the tests of sweeps share; subprocesses import them too."""

import hashlib
import os
import signal
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw


class Spring(eqx.Module):
    """A stiffness that must not be negative, and a load."""

    stiffness: float = 1.0
    load: float = 1.0

    def __check_init__(self):
        if self.stiffness < 0:
            raise ValueError(f"stiffness must not be negative, got {self.stiffness}.")


class Loaded(eqx.Module):
    """A spring inside something else."""

    spring: Spring
    weights: Any


def stretch(spring: Spring) -> dict[str, Any]:
    """load/stiffness (not finite without stiffness), and its multiples."""
    length = spring.load / spring.stiffness
    return {"length": length, "multiples": length * jnp.arange(3.0)}


def drawn(spring: Spring, key: Any) -> Any:
    """A random number of the point's own."""
    return jax.random.uniform(key)


def stretch_on_host(spring: Spring) -> dict[str, Any]:
    """The same, which fails without stiffness."""
    if spring.stiffness == 0:
        raise ZeroDivisionError("no stiffness")
    return {"length": float(spring.load) / float(spring.stiffness)}


def springs(stiff: int = 7, loads: int = 5, low: float = 1.0) -> tw.sweeps.Grid:
    """Stiffnesses from `low` to 4, loads from 0 to 2."""
    values = {"stiffness": np.linspace(low, 4.0, stiff), "load": np.linspace(0.0, 2.0, loads)}
    return tw.sweeps.Grid(Spring(), values)


def content(store: Path) -> dict[str, str]:
    """The digest of every file of a store by its path."""
    files = sorted(path for path in store.rglob("*") if path.is_file())
    return {
        str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def deadly(spring: Spring) -> dict[str, Any]:
    """The length, but the first process that meets a load of 1 is killed."""
    marker = Path(os.environ["THALWEG_TEST_MARKER"])
    if spring.load == 1.0 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return stretch_on_host(spring)


def always_deadly(spring: Spring) -> dict[str, Any]:
    """The length, but every process that meets a load of 1 but this is killed."""
    if spring.load == 1.0 and os.environ["THALWEG_TEST_MARKER"] != str(os.getpid()):
        os.kill(os.getpid(), signal.SIGKILL)
    return stretch_on_host(spring)
