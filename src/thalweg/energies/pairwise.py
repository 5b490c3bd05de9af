"""Machines of units that couple in pairs: Ising, Boltzmann, restricted, deep, Potts."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import as_parameter, cast_like, computable, is_integer
from thalweg.energies.base import Energy
from thalweg.energies.couplings import LatticeCouplings, LayeredCouplings, couplings_from
from thalweg.energies.hopfield import Couplings
from thalweg.energies.unit_laws import Binary, GaussianBinary, Potts, Units


class Pairwise(Energy):
    r"""The energy of units that couple in pairs, on any graph.

        E(x) = −Σ_{pairs} W_ij x_i x_j − Σ_i h_i x_i                spins x = ±1 (or bits)
        E(x) = −Σ_{pairs} W_ij [x_i = x_j] − Σ_i h_i[x_i]           Potts, x = 0 … q − 1

    Every pair counts once. Spins with W = J have the law of Potts' two states with 2J, for
    [x_i = x_j] = (1 + x_i x_j)/2. Bits and spins are told apart by `units`, which may also have
    units that take any number.

    Arguments:
        couplings: W: a symmetric matrix with a zero diagonal, `(N, N)`, dense or of SciPy's sparse
            ones, or `Couplings`. A matrix that is mostly zero is kept by its edges.
        fields: h, one number or one a unit; of Potts' states also one a state, `(q,)`, or one a
            unit and state.
        states: how many values a unit takes: 2 are spins ±1, more are Potts' states.
        units: `Units` of another kind, instead of `states`.

    Raises:
        InputError: the couplings are not square, not symmetric or have a diagonal, or the fields
            do not fit.

    Example:
        >>> import jax, thalweg as tw
        >>> ring = tw.energies.Pairwise.lattice([4], coupling=1.0)
        >>> float(ring(jax.numpy.array([1.0, 1.0, -1.0, -1.0])))
        0.0

    References:
        Ackley, Hinton and Sejnowski (1985), *Cognitive Science* 9, 147; Wu (1982), *Reviews of
        Modern Physics* 54, 235 (Potts).
    """

    couplings: Couplings
    fields: Any
    units: Units

    def __init__(
        self, couplings: Any, fields: Any = 0.0, states: int = 2, units: Units | None = None
    ):
        self.couplings = couplings_from("Pairwise", couplings)
        self.fields = as_parameter(fields)
        if units is None and (not is_integer(states) or states < 2):
            raise InputError(f"Pairwise: states must be a whole number from 2, got {states!r}.")
        self.units = units or (Binary() if states == 2 else Potts(states))
        width = self.units.width
        shapes = ((), self.shape) if width is None else ((), (width,), (*self.shape, width))
        if jnp.shape(self.fields) not in shapes:
            raise InputError(
                f"Pairwise: fields have the shape {jnp.shape(self.fields)}, expected one of "
                f"{', '.join(map(str, shapes))}."
            )

    @classmethod
    def lattice(
        cls,
        sides: int | Sequence[int],
        coupling: Any = 1.0,
        fields: Any = 0.0,
        *,
        periodic: bool = True,
        states: int = 2,
    ) -> "Pairwise":
        """Units on a lattice that couple with their nearest neighbours; a state has its shape.

        Arguments:
            sides: how many units along each axis, or one number for a square.
            coupling: J of all neighbours.
            fields: h.
            periodic: a torus (a ring) if true, else the lattice has open ends.
            states: 2 are Ising's spins ±1, more are Potts'.
        """
        return cls(LatticeCouplings(sides, coupling, periodic), fields, states)

    @classmethod
    def rbm(
        cls,
        weights: Any,
        visible: Any = 0.0,
        hidden: Any = 0.0,
        *,
        spins: bool = False,
        deviations: Any = None,
    ) -> "Pairwise":
        """A restricted machine, E(v, h) = −vᵀW h − aᵀv − bᵀh; a state is v, then h.

        Arguments:
            weights: W, `(visible, hidden)`.
            visible: a, `(visible,)` or one number.
            hidden: b, `(hidden,)` or one number.
            spins: units ±1 instead of 0 and 1.
            deviations: σ of visible units that take any number and have the energy v²/(2σ²)
                besides; `(visible,)` or one number. They have the mean σ²(a + Wh).
        """
        weights = as_parameter(weights)
        if jnp.ndim(weights) != 2:
            raise InputError(
                f"Pairwise.rbm: weights must be a matrix (visible, hidden), got the shape "
                f"{jnp.shape(weights)}."
            )
        return cls.deep([weights], [visible, hidden], spins=spins, deviations=deviations)

    @classmethod
    def deep(
        cls,
        weights: Sequence[Any],
        fields: Sequence[Any] | float = 0.0,
        *,
        spins: bool = False,
        deviations: Any = None,
    ) -> "Pairwise":
        """A machine of layers, each coupled to the next; a state is one layer after another.

        Arguments:
            weights: one matrix a pair of layers, `(n_l, n_{l+1})`.
            fields: one number, or one or `(n_l,)` a layer.
            spins: units ±1 instead of 0 and 1.
            deviations: σ of units of the first layer that take any number.
        """
        couplings = LayeredCouplings(weights)
        layers = couplings.layers
        low = -1.0 if spins else 0.0
        units: Units = Binary(low, 1.0)
        if deviations is not None:
            widths = _filled("deviations", deviations, layers[0])
            no_widths = np.zeros(sum(layers[1:]))
            units = GaussianBinary(np.concatenate([np.asarray(widths), no_widths]), low, 1.0)
        if not isinstance(fields, list | tuple):
            return cls(couplings, fields, units=units)
        if len(fields) != len(layers):
            raise InputError(
                f"Pairwise.deep: fields must be one a layer, {len(layers)}, got {len(fields)}."
            )
        parts = [_filled("fields", part, n) for part, n in zip(fields, layers, strict=True)]
        is_host = all(isinstance(part, np.ndarray) for part in parts)
        joined = np.concatenate(parts) if is_host else jnp.concatenate(parts)
        return cls(couplings, joined, units=units)

    def __call__(self, state: Any) -> jax.Array:
        """The energy of a state."""
        x = computable(state)
        if x.shape != self.shape:
            raise InputError(f"Pairwise: a state has the shape {self.shape}, got {x.shape}.")
        features = self.units.features(x)
        mean_field = 0.5 * self.products(features) + cast_like(self.fields, features)
        return self.units.own_energy(x) - jnp.sum(features * mean_field)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a state."""
        return self.couplings.shape

    @property
    def size(self) -> int:
        """The number N of units."""
        return self.couplings.size

    def products(self, features: Any) -> jax.Array:
        """W φ: the couplings' part of the fields, of the shape of the features."""
        if self.units.width is None:
            return self.couplings.fields(features)
        return jax.vmap(self.couplings.fields, -1, -1)(features)

    def local_fields(self, state: Any) -> jax.Array:
        """The field at every unit: Wx + h; of Potts' states one a unit and state."""
        features = self.units.features(state)
        return self.products(features) + cast_like(self.fields, features)

    def random(self, key: jax.Array, count: int | None = None) -> jax.Array:
        """A state in which every value is as likely, or `count` of them stacked.

        Of spins, bits and Potts' states it holds bytes; of units that take any number floats, those
        drawn by their deviation.
        """
        return self.units.random(key, self.shape if count is None else (count, *self.shape))

    def check_state(self, state: Any, name: str = "state") -> None:
        """Refuse what is no state of the machine; leading axes are allowed.

        Raises:
            InputError: the shape does not fit, or an entry is none of the values of its unit.
        """
        values = np.asarray(state)
        lead = values.ndim - len(self.shape)
        if lead < 0 or values.shape[lead:] != self.shape:
            raise InputError(
                f"Pairwise: {name} must have the shape {self.shape}, got {values.shape}."
            )
        if values.size == self.size:  # a message then names the unit, not a batch of one besides
            values = values.reshape(self.shape)
        self.units.check(f"Pairwise: {name}", values)


def _filled(name: str, value: Any, count: int) -> Any:
    """One number or `(count,)` as `(count,)`."""
    value = as_parameter(value)
    if jnp.shape(value) not in ((), (count,)):
        raise InputError(
            f"Pairwise: {name} of a layer of {counted(count, 'unit')} have the shape "
            f"{jnp.shape(value)}."
        )
    is_host = isinstance(value, float | np.ndarray)
    return (np if is_host else jnp).broadcast_to(value, (count,))
