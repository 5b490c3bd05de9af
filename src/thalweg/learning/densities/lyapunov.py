"""Energies that a flow goes down, from draws of its noisy runs at rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis import find_equilibria
from thalweg.core.about import UNSAID, About
from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.reports import NotKept, Table, TableReport, about_in
from thalweg.core.shapes import Array, Num
from thalweg.core.tables import counted, format_number, format_state
from thalweg.core.trees import in_float64
from thalweg.dynamics import Flow
from thalweg.energies import Polynomial
from thalweg.learning.densities.learn import learn_density
from thalweg.learning.densities.matching import ScoreMatching
from thalweg.learning.densities.result import LearnedDensity
from thalweg.learning.inverse.data.base import checked

_MARGIN = 0.1  # of the box of the draws, where rests are sought, as a share of its extent


@dataclass(frozen=True, eq=False, repr=False)
class LyapunovEnergy(TableReport):
    """An energy learned from draws of a flow with noise, and whether the flow goes down it.

    Attributes:
        density: how it was learned.
        rests: the equilibria of the flow, where its slope is zero, `(m, d)`.
        rising: at how many draws the flow does not go down it.
        worst: the largest f·∇E/(|f||∇E|) at a draw, a cosine: below zero is descent.
        where: the draw where that is, `(d,)`.
        energy: the energy, a candidate for `recover_energy`.
        about: the flow.
    """

    density: LearnedDensity
    rests: np.ndarray
    rising: int
    worst: float
    where: np.ndarray
    energy: Any = field(default=NotKept("learned energy"), compare=False)
    about: About = UNSAID

    def __post_init__(self) -> None:
        object.__setattr__(self, "density", replace(self.density, about=self.about))

    @property
    def title(self) -> str:
        """The flow, and at how many draws it goes down."""
        count = self.density.count
        at = f"{count - self.rising:,} of {counted(count, 'draw')}"
        return f"{self.about.system} goes down an energy at {at}"

    def table(self) -> Table | None:
        """The numbers of the energy."""
        return self.density.table()

    def remarks(self) -> list[str]:
        """Sentences on the worst draw and on how the energy was learned."""
        cosine = format_number(self.worst, 3)
        return [
            f"The largest cosine of f with ∇E is {cosine}, at {format_state(self.where)}.",
            f"{counted(len(self.rests), 'equilibrium', 'equilibria')} of the flow "
            f"{'is a rest' if len(self.rests) == 1 else 'are rests'} of the energy.",
            *self.density.remarks(),
            "Draws show descent where they are; recover_energy(flow, candidates=[found.energy]) "
            "asks for it in a region.",
        ]

    def data(self) -> dict[str, Any]:
        """Everything but the energy."""
        return to_fields(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "LyapunovEnergy":
        """The result that `to_dict` wrote; the energy is not kept."""
        return from_fields(cls, data, about=about_in(data, about))


def lyapunov_energy(
    flow: Flow,
    states: Num[Array, "n d"],
    energy: Callable[..., Any] | None = None,
    *,
    temperature: float,
    domain: Box | None = None,
    key: jax.Array | None = None,
) -> LyapunovEnergy:
    r"""Learn an energy that a flow goes down from draws of dx = f dt + √(2T) dW at rest.

    What is learned is E = −T log p, by score matching, with no slope where the flow rests. Of a
    linear flow f = Ax it is (T/2) xᵀΣ⁻¹x with AΣ + ΣAᵀ + 2T = 0, and f·∇E = −|∇E|²; the same holds
    of f = −(I + J)∇E, J constant and antisymmetric, at every T. Of other flows it is a Lyapunov
    energy for small T only: f·∇E + |∇E|² = T(∇·f + ΔE).

    Arguments:
        flow: f.
        states: the draws, `(n, d)`, of its noisy runs at rest.
        energy: what to learn; None means a polynomial of degree 4.
        temperature: T of the noise.
        domain: where equilibria are sought; a box round the draws unless given.
        key: the randomness of that search.

    Returns:
        A `LyapunovEnergy`, whose `energy` is a candidate for `recover_energy`.

    Raises:
        InputError: as `learn_density`; or the flow is none, or takes other states.
    """
    if not isinstance(flow, Flow):
        raise InputError(f"lyapunov_energy: flow must be a Flow, got {type(flow).__name__}.")
    rows = checked(states, "lyapunov_energy: states", "(n, d)", 2)
    if energy is None:
        energy = Polynomial.full(rows.shape[1], 4)
    low, high = np.min(rows, axis=0), np.max(rows, axis=0)
    margin = _MARGIN * np.max(high - low)
    found = find_equilibria(flow, domain or Box(low - margin, high + margin), key=key)
    rests = np.asarray(found.states, np.float64).reshape(-1, rows.shape[1])
    method = ScoreMatching(rests if len(rests) else None)
    density = learn_density(energy, rows, method, temperature=temperature, key=key)
    with jax.enable_x64(True):
        cosines = np.asarray(_cosines(in_float64(flow), density.energy, rows))
    if not np.all(np.isfinite(cosines)):
        bad = int(np.argmin(np.isfinite(cosines)))
        raise InputError(
            f"lyapunov_energy: the flow is not finite at draw {bad}, {format_state(rows[bad])}."
        )
    worst = int(np.argmax(cosines))
    return LyapunovEnergy(
        density, rests, int(np.sum(cosines >= 0.0)), float(cosines[worst]), rows[worst],
        density.energy, About(type(flow).__name__, "flow", found.about.names),
    )  # fmt: skip


@eqx.filter_jit
def _cosines(flow: Any, energy: Any, rows: Any) -> jax.Array:
    """The cosine between f and ∇E at each row; 0 where either has no size."""

    def one(x: Any) -> jax.Array:
        velocity, gradient = flow.velocity(jnp.zeros(()), x), jax.grad(energy)(x)
        sizes = jnp.sqrt(jnp.sum(velocity**2) * jnp.sum(gradient**2))
        return jnp.dot(velocity, gradient) / jnp.where(sizes > 0.0, sizes, 1.0)

    return jax.vmap(one)(rows)
