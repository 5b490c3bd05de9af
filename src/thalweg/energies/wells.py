"""Landscapes with wells: test beds of dynamics, sampling and transition paths."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like
from thalweg.energies.base import Energy


class DoubleWell(Energy):
    r"""Two wells in every coordinate, with a ridge between them.

        E(x) = Σ_i [ h ((x_i / w)² − 1)² + c x_i ]

    Without tilt the minima are at x_i = ±w, where E = 0 and E'' = 8h/w², and the ridge at x_i = 0
    rises to h (E'' = −4h/w²). The coordinates do not interact: 2^d minima in d dimensions. Both
    wells exist as long as |c| < 8h / (3√3 w).

    Arguments:
        barrier: the height h > 0 of the ridge.
        width: the distance w > 0 of a minimum from the ridge.
        tilt: the slope c, which makes one well deeper.

    The state is an array of any shape, or a pytree; the declared domain is that of one coordinate.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> float(tw.energies.DoubleWell(barrier=3.0)(jnp.array([0.0, 1.0])))
        3.0
    """

    barrier: float = 1.0
    width: float = 1.0
    tilt: float = 0.0

    def __call__(self, state: Any) -> jax.Array:
        """Σ_i [h ((x_i/w)² − 1)² + c x_i]."""
        h, w, c = (cast_like(value, state) for value in (self.barrier, self.width, self.tilt))
        terms = jax.tree.map(lambda x: jnp.sum(h * ((x / w) ** 2 - 1.0) ** 2 + c * x), state)
        return jax.tree.reduce(jnp.add, terms)

    @property
    def domain(self) -> Box:
        """Twice the distance of the minima, either way, in one coordinate."""
        return Box([-2.0 * float(self.width)], [2.0 * float(self.width)])


class FourWells(Energy):
    r"""Four wells in the plane, of two depths of valley.

        V(x, y) = x² (x² − a) / 4 + y² (y² − b) / 4

    Minima at (±√(a/2), ±√(b/2)) with V = −(a² + b²)/16; saddles where one coordinate is zero, with
    V = −a²/16 and −b²/16; a maximum at the origin.

    Arguments:
        a: twice the square of the wells' distance from zero along x, a > 0.
        b: the same along y.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> float(tw.energies.FourWells()(jnp.array([0.0, 1.0])))
        -0.25
    """

    a: float = 2.2
    b: float = 2.0

    domain = Box([-2.0, -2.0], [2.0, 2.0])
    state_names = ("x", "y")

    def __call__(self, state: Any) -> jax.Array:
        """V(x, y)."""
        x, y = state
        a, b = cast_like(self.a, state), cast_like(self.b, state)
        return (x**2 * (x**2 - a) + y**2 * (y**2 - b)) / 4.0


def _constants(*values: float) -> Any:
    return eqx.field(converter=as_parameter, default_factory=lambda: np.array(values))


class MuellerBrown(Energy):
    r"""The Müller–Brown surface: three minima along a bent valley, a standard for reaction paths.

        V(x, y) = Σ_k A_k exp(a_k (x − x⁰_k)² + b_k (x − x⁰_k)(y − y⁰_k) + c_k (y − y⁰_k)²)

    With the published constants the minima are V = −146.70 at (−0.558, 1.442), −108.17 at
    (0.623, 0.028) and −80.77 at (−0.050, 0.467); the saddles −40.66 at (−0.822, 0.624) and −72.25
    at (0.212, 0.293).

    Arguments:
        amplitudes: A, shape `(4,)`, like all that follow.
        a: curvatures along x.
        b: cross terms.
        c: curvatures along y.
        x0: centers along x.
        y0: centers along y.

    Raises:
        InputError: the constants differ in shape.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> round(float(tw.energies.MuellerBrown()(jnp.array([-0.558, 1.442]))), 1)
        -146.7

    References:
        Müller & Brown, "Location of saddle points and minimum energy paths by a constrained simplex
        optimization procedure", Theoretica Chimica Acta 53, 75–93 (1979).
    """

    amplitudes: Any = _constants(-200.0, -100.0, -170.0, 15.0)
    a: Any = _constants(-1.0, -1.0, -6.5, 0.7)
    b: Any = _constants(0.0, 0.0, 11.0, 0.6)
    c: Any = _constants(-10.0, -10.0, -6.5, 0.7)
    x0: Any = _constants(1.0, 0.0, -0.5, -1.0)
    y0: Any = _constants(0.0, 0.5, 1.5, 1.0)

    domain = Box([-1.5, -0.5], [1.2, 2.0])
    state_names = ("x", "y")

    def __check_init__(self):
        """Refuse constants of different shapes."""
        shapes = {jnp.shape(value) for value in self._constants()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise InputError(
                f"MuellerBrown: all constants must be vectors of one length, got the shapes "
                f"{sorted(shapes)}."
            )

    def __call__(self, state: Any) -> jax.Array:
        """V(x, y)."""
        x, y = state
        amplitudes, a, b, c, x0, y0 = (cast_like(value, state) for value in self._constants())
        dx, dy = x - x0, y - y0
        return jnp.sum(amplitudes * jnp.exp(a * dx**2 + b * dx * dy + c * dy**2))

    def _constants(self) -> tuple[Any, ...]:
        return (self.amplitudes, self.a, self.b, self.c, self.x0, self.y0)
