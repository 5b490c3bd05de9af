"""Ways out that chains found: along them the energy falls without end, or rises too slowly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from thalweg.core.declared import declared_domain, declared_names
from thalweg.core.domains import Box
from thalweg.core.trees import Layout, in_float64
from thalweg.energies.far_out import Outlook, energies_along, outlook
from thalweg.energies.valleys import follow_valley
from thalweg.sampling.chains import Run
from thalweg.sampling.methods.continuous import ContinuousMethod, PlainContinuousMethod

# Distances on a ray, in those of a draw from the start: close at first, so that walls are seen.
_RADII = 10.0 ** np.concatenate(
    [np.arange(0.0, 2.0, 0.25), [2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 24, 27, 30]]
)
# On a line in a fixed direction, which is one only up to rounding.
_ON_LINES = 10.0 ** np.arange(0.0, 8.5)
# Chains that are looked at, those that fell most first; and coordinates along which lines are.
_MOST_CHAINS, _MOST_AXES = 8, 32
# Of them, those from which valleys are followed, which takes long in many coordinates.
_LANES, _MOST_IN_VALLEYS = 3, 16
# Temperatures by which a chain has fallen that does not come back: at rest one draw in e¹⁰ lies so
# high.
FALL = 10.0


@dataclass(frozen=True, eq=False)
class WayOut:
    """A way along which e^{−E/T} has no finite mass.

    Attributes:
        is_fall: whether E falls without end; else it does not outgrow T log of the distance.
        chain: the chain that found it.
        words: what the way is.
        distance: how far it was followed.
        level: E there.
        has_left: whether that chain is on it, with nothing to turn it back.
        is_curved: whether it is the floor of a valley, which may narrow so fast that there is a law
            all the same.
    """

    is_fall: bool
    chain: int
    words: str
    distance: float
    level: float
    has_left: bool
    is_curved: bool = False


class _Seen(NamedTuple):
    """Knowledge of the chains that fell most, flat and in float64.

    Attributes:
        chains: which they are, `(m,)`.
        starts: where they began, `(m, size)`.
        middles: a draw of each half way, `(m, size)`.
        ends: the last draw of each, `(m, size)`.
        falls: E at the start less E at the end, `(m,)`.
        are_falling: truths, `(m,)`: E is lower in all of the last draws than in all of the first.
        free: truths, `(size,)`: the coordinates that are no angles.
    """

    chains: np.ndarray
    starts: np.ndarray
    middles: np.ndarray
    ends: np.ndarray
    falls: np.ndarray
    are_falling: np.ndarray
    free: np.ndarray

    @property
    def away(self) -> np.ndarray:
        """The ends less the starts, angles left out, `(m, size)`."""
        return np.where(self.free, self.ends - self.starts, 0.0)


def find_way_out(
    energy: Callable[[Any], Any],
    method: Any,
    run: Run,
    starts: Any,
    heights: np.ndarray,
    is_troubled: bool,
) -> WayOut | None:
    """A way along which the energy falls without end, or has no law; None where none was found.

    Rays lead from the start of each chain through its draws, lines from its end along coordinates;
    of chains in trouble along eigenvectors of the Hessian, too; of those that fall all the way
    along the floor of their valley.

    What is named has no law, unless E turns round beyond the last distance or a valley narrows
    faster than E falls. Missed are ways in directions in which no chain went and that are no
    coordinates, the other branch of a valley that forks, falls below the rounding of float64 (of a
    logarithm on a large constant), laws that fail by the logarithm of a logarithm, and energies
    that take no float64.

    Arguments:
        energy: `state → scalar`.
        method: by which method.
        run: what was run.
        starts: where each chain began, `(chains, …)`.
        heights: E there.
        is_troubled: whether the chains do not agree, or fell all the way.
    """
    seen = _seen(energy, method, run, starts, heights)
    if seen is None:
        return None
    layout = Layout.of(jax.tree.map(lambda x: x[0], starts))
    temperature = float(np.asarray(method.temperature))
    found = _on_rays(energy, layout, seen, temperature)
    if found is None and seen.free.sum() <= _MOST_AXES:
        names = declared_names(energy, layout)
        axes = np.eye(layout.size)[seen.free]
        labels = [n for n, is_free in zip(names, seen.free, strict=True) if is_free]
        words = [f"{sign}{name}" for sign in "+−" for name in labels]
        both = np.concatenate([axes, -axes])
        found = _on_lines(energy, layout, seen, temperature, both, words)
    if found is None and is_troubled and 1 < seen.free.sum() <= _MOST_AXES:
        directions = _principal(energy, layout, seen)
        words = ["a principal direction of the curvature there"] * len(directions)
        found = _on_lines(energy, layout, seen, temperature, directions, words)
    if found is None and seen.are_falling.any() and 1 < seen.free.sum() <= _MOST_IN_VALLEYS:
        found = _in_valley(energy, layout, seen, temperature)
    return found


def _seen(energy: Any, method: Any, run: Run, starts: Any, heights: np.ndarray) -> _Seen | None:
    """The energy as it is looked at; None of spins, and of methods that step in few directions."""
    own = getattr(method, "method", method)
    leaves = [np.asarray(x) for x in jax.tree.leaves(starts)]
    if not isinstance(own, ContinuousMethod | PlainContinuousMethod) or not all(
        x.dtype.kind == "f" for x in leaves
    ):
        return None
    layout = Layout.of(jax.tree.map(lambda x: x[0], starts))
    free = ~_angles(energy, layout)
    if not free.any():
        return None
    energies = np.asarray(run.draws.energies, np.float64)
    falls = np.asarray(heights, np.float64) - energies[:, -1]
    chains = np.argsort(-falls, kind="stable")[:_MOST_CHAINS]

    def rows(tree: Any, row: int | None) -> np.ndarray:
        picked = jax.tree.map(
            lambda x: np.asarray(x[chains if row is None else (chains, row)]), tree
        )
        return np.asarray(layout.flatten(picked), np.float64)

    count = energies.shape[1]
    states = run.draws.states
    return _Seen(
        chains, rows(starts, None), rows(states, count // 2), rows(states, count - 1),
        falls[chains], fall_all_the_way(energies[chains]), free,
    )  # fmt: skip


def _angles(energy: Any, layout: Layout) -> np.ndarray:
    """Truths `(d,)`: the coordinates that the energy declares to be angles.

    An energy of any number of coordinates may declare a domain of fewer, which says nothing here.
    """
    domain = declared_domain(energy)
    if isinstance(domain, Box):
        domain = domain.like(layout) if domain.is_scalar else domain
        if domain.layout == layout:
            return np.asarray(layout.flatten(domain.periodic), bool)
    return np.zeros(layout.size, bool)


def fall_all_the_way(energies: np.ndarray) -> np.ndarray:
    """Truths `(m,)`: chains whose last quarter of energies `(m, count)` lies below the first.

    At rest that happens to one of 2^{count/4} chains or so.
    """
    quarter = energies.shape[1] // 4
    if quarter < 2:
        return np.zeros(len(energies), bool)
    return energies[:, -quarter:].max(axis=1) < energies[:, :quarter].min(axis=1)


def _on_rays(energy: Any, layout: Layout, seen: _Seen, temperature: float) -> WayOut | None:
    """The worst ray from a start through a draw."""
    through = np.stack([seen.ends, seen.middles], axis=1)
    away = np.where(seen.free, through - seen.starts[:, None], 0.0)
    values = energies_along(
        energy, layout, seen.starts[:, None, None] + away[:, :, None] * _RADII[:, None]
    )
    if values is None:
        return None
    lengths = np.linalg.norm(away, axis=2)
    least = temperature * seen.free.sum()
    found: list[WayOut] = []
    for index in np.ndindex(lengths.shape):
        view = outlook(values[index], _RADII, least) if lengths[index] > 0 else Outlook.UNKNOWN
        if view is Outlook.FALLS or (view is Outlook.SLOW and temperature > 0):
            place, half = index
            chain, is_fall = int(seen.chains[place]), view is Outlook.FALLS
            words = f"on the ray from the start of chain {chain} through its "
            words += "draw half way" if half else "last draw"
            has_left = not half and _is_leaving(
                values[index], float(seen.falls[place]), temperature
            )
            found.append(
                _way(is_fall, chain, words, values[index], lengths[index] * _RADII, has_left)
            )
    return max(found, key=lambda way: (way.is_fall, way.has_left), default=None)


def _on_lines(
    energy: Any,
    layout: Layout,
    seen: _Seen,
    temperature: float,
    directions: np.ndarray,
    words: list[str],
) -> WayOut | None:
    """A direction in which lines from two states both lead out."""
    bases = np.stack([seen.ends[0], seen.ends[1] if len(seen.ends) > 1 else seen.middles[0]])
    radii = max(1.0, float(np.max(np.abs(seen.away)))) * _ON_LINES
    values = energies_along(
        energy, layout, bases[:, None, None] + directions[:, None] * radii[:, None]
    )
    if values is None:
        return None
    found: list[WayOut] = []
    for k, said in enumerate(words):
        views = [outlook(values[base, k], radii, temperature) for base in (0, 1)]
        is_fall = views == [Outlook.FALLS, Outlook.FALLS]
        if is_fall or (temperature > 0 and {*views} <= {Outlook.FALLS, Outlook.SLOW}):
            has_left = is_fall and _is_leaving(values[0, k], float(seen.falls[0]), temperature)
            chain = int(seen.chains[0])
            way = f"from the last draw of chain {chain} along {said}"
            found.append(_way(is_fall, chain, way, values[0, k], radii, has_left))
    return max(found, key=lambda way: (way.is_fall, way.has_left), default=None)


class _Shifted(eqx.Module):
    """An energy in the free coordinates, about a state and in units of a length."""

    energy: Any
    layout: Layout = eqx.field(static=True)
    middle: Any
    basis: Any

    def __call__(self, y: jax.Array) -> jax.Array:
        return self.energy(self.layout.unflatten(self.middle + y @ self.basis))


def _in_valley(energy: Any, layout: Layout, seen: _Seen, temperature: float) -> WayOut | None:
    """The floor of a valley from where the first chains went."""
    away = seen.away[:, seen.free]
    lengths = np.linalg.norm(away, axis=1)
    if not np.all(lengths[:_LANES] > 0):
        return None
    unit = float(lengths[0])
    with jax.enable_x64(True):
        basis = unit * np.eye(layout.size)[seen.free]
        shifted = _Shifted(in_float64(energy), layout, seen.starts[0], basis)
        try:
            path, values = follow_valley(shifted, away[:_LANES] / lengths[:_LANES, None])
        except Exception:  # an energy may refuse float64 in any words
            return None
    if len(path) < 13:
        return None
    radii = unit * np.linalg.norm(path, axis=1)
    chain = int(seen.chains[0])
    if outlook(values, radii, 0.0) is Outlook.FALLS:
        has_left = bool(seen.are_falling[0]) and seen.falls[0] > FALL * temperature
        words = f"on the floor of a valley from the start of chain {chain}"
        return _way(True, chain, words, values, radii, has_left, is_curved=True)
    return None


def _principal(energy: Any, layout: Layout, seen: _Seen) -> np.ndarray:
    """Eigenvectors of the Hessian where the first chain ended, both ways, `(2n, size)`."""
    basis = np.eye(layout.size)[seen.free]
    with jax.enable_x64(True):
        shifted = _Shifted(in_float64(energy), layout, seen.ends[0], basis)
        try:
            hessian = np.asarray(_hessian(shifted, np.zeros(len(basis))))
        except Exception:  # an energy may refuse float64 in any words
            hessian = np.full((1, 1), np.nan)
    if not np.all(np.isfinite(hessian)):
        return basis[:0]
    vectors = np.linalg.eigh(hessian)[1].T @ basis
    return np.concatenate([vectors, -vectors])


@eqx.filter_jit
def _hessian(energy: Any, state: Any) -> jax.Array:
    return jax.hessian(energy)(state)


def _way(
    is_fall: bool,
    chain: int,
    words: str,
    values: np.ndarray,
    radii: np.ndarray,
    has_left: bool,
    is_curved: bool = False,
) -> WayOut:
    last = int(np.flatnonzero(np.isfinite(values))[-1])
    level, distance = float(values[last]), float(radii[last])
    return WayOut(is_fall, chain, words, distance, level, has_left, is_curved)


def _is_leaving(values: np.ndarray, fall: float, temperature: float) -> bool:
    """True where a chain fell far, and E falls from where it is on."""
    with np.errstate(invalid="ignore"):
        falls_on = np.diff(values[np.isfinite(values)]) < 0.0
    return bool(fall > FALL * temperature and falls_on.all())
