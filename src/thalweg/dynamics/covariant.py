"""The general covariant descent, up to third order in derivatives."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_count, check_finite
from thalweg.core.declared import checks_of, domain_of, names_of
from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, cast_like
from thalweg.dynamics.flows import Flow
from thalweg.geometry import Euclidean, Geometry, Simplex, Sphere
from thalweg.geometry.base import pairing

_CHUNK = 32  # directions at once: d² numbers of all at once would not fit for large d

_COEFFICIENTS = ("c1", "c3", "c3_laplacian", "c3_hessian", "c3_gradient_of_laplacian")


class CovariantDescent(Flow):
    r"""The flow of an energy with every scalar–gradient and Hessian–gradient term of third order.

        dx^α/dt = −[c₁ ∇^αE + c₃ |∇E|² ∇^αE + c_Δ ΔE ∇^αE + c_H ∇^βE ∇_β∇^αE + c_D ∇^αΔE]

    Indices are raised by the metric and derivatives are covariant: |∇E|² = ∇_βE ∇^βE, ΔE the
    Laplace–Beltrami operator, and ∇^βE ∇_β∇^αE = ½ ∇^α|∇E|². (In a curved space ∇_β∇^β∇^αE is
    ∇^αΔE + Ric^{αβ}∇_βE: Ricci terms are left out.)

    With c₁, c₃ ≥ 0 alone E falls; with c_Δ it does where c₁ + c₃|∇E|² + c_Δ ΔE ≥ 0. Of an energy
    of degree 1 the c₁ and c₃ terms are of degree 0, those of c_Δ and c_H of degree −1, that of c_D
    of degree −2: axiom 6 of *Continuum of Hopfield* leaves the first two.

    Arguments:
        energy: any callable `state → scalar`, smooth enough: c_Δ and c_H take two derivatives, c_D
            three.
        c1: c₁.
        c3: c₃.
        c3_laplacian: c_Δ.
        c3_hessian: c_H.
        c3_gradient_of_laplacian: c_D.
        geometry: the metric; Euclidean unless given. Terms with ΔE need a metric in coordinates,
            not `Sphere` or `Simplex`.
        probes: None for the exact Laplacian (one Hessian–vector product a coordinate; the Hessian
            is never formed), or how many random ones its Hutchinson estimate takes.
        key: of the probes, the same ones at every state; None means `jax.random.key(0)`.

    Raises:
        InputError: the energy is no callable, the geometry does not suit, or `probes` is not
            positive.

    References:
        *Continuum of Hopfield*, section 2.3, with the signs and terms that it leaves out.
    """

    energy: Callable[[Any], Any]
    c1: float = 1.0
    c3: float = 0.0
    c3_laplacian: float = 0.0
    c3_hessian: float = 0.0
    c3_gradient_of_laplacian: float = 0.0
    geometry: Geometry = Euclidean()
    probes: int | None = eqx.field(static=True, default=None)
    key: Any = None

    def __check_init__(self):
        """Refuse what is no energy, and geometries without coordinates for the Laplacian."""
        if not callable(self.energy):
            raise InputError(f"CovariantDescent: energy must be callable, got {self.energy!r}.")
        if self.probes is not None:
            check_count("CovariantDescent: probes", self.probes)
        for name in _COEFFICIENTS:
            check_finite(f"CovariantDescent: {name}", getattr(self, name))
        has_laplacian = _is_used(self.c3_laplacian) or _is_used(self.c3_gradient_of_laplacian)
        if has_laplacian and isinstance(self.geometry, Simplex | Sphere):
            raise InputError(
                f"CovariantDescent: the Laplacian needs a metric in coordinates, not "
                f"{type(self.geometry).__name__}: use MetricField in a chart of it."
            )

    def velocity(self, t: Any, state: Any) -> Any:
        """The sum of the terms whose coefficients are not the number zero."""
        covector = jax.grad(self.energy)(state)
        raised = self.geometry.sharp(state, covector)
        factor = cast_like(self.c1, state)
        if _is_used(self.c3):
            factor = factor + cast_like(self.c3, state) * pairing(covector, raised)
        if _is_used(self.c3_laplacian):
            factor = factor + cast_like(self.c3_laplacian, state) * self.laplacian(state)
        total = jax.tree.map(lambda v: factor * v, raised)
        if _is_used(self.c3_hessian):
            total = self._plus(total, self.c3_hessian, self._half_square, state)
        if _is_used(self.c3_gradient_of_laplacian):
            total = self._plus(total, self.c3_gradient_of_laplacian, self.laplacian, state)
        return jax.tree.map(lambda v: -v, total)

    def laplacian(self, state: Any) -> jax.Array:
        r"""ΔE = ∂_i v^i + ½ tr(M⁻¹ ∂_v M) with v = ∇^αE, a scalar; exact or estimated."""
        layout = Layout.of(state)
        x = jnp.asarray(layout.flatten(state))

        def raised(x: jax.Array) -> jax.Array:
            point = layout.unflatten(x)
            return layout.flatten(self.geometry.sharp(point, jax.grad(self.energy)(point)))

        def lowered(x: jax.Array, u: jax.Array) -> jax.Array:
            return layout.flatten(self.geometry.flat(layout.unflatten(x), layout.unflatten(u)))

        along = raised(x)

        def entry(u: jax.Array) -> jax.Array:
            divergence = jax.jvp(raised, (x,), (u,))[1]
            stretch = jax.jvp(lambda y: lowered(y, u), (x,), (along,))[1]
            back = self.geometry.sharp(state, layout.unflatten(stretch))
            return jnp.sum(u * (divergence + 0.5 * layout.flatten(back)))

        if self.probes is None:
            return jnp.sum(jax.lax.map(entry, jnp.eye(x.size, dtype=x.dtype), batch_size=_CHUNK))
        key = jax.random.key(0) if self.key is None else self.key
        signs = jax.random.rademacher(key, (self.probes, x.size), x.dtype)
        return jnp.mean(jax.lax.map(entry, signs, batch_size=_CHUNK))

    def _half_square(self, state: Any) -> jax.Array:
        covector = jax.grad(self.energy)(state)
        return 0.5 * pairing(covector, self.geometry.sharp(state, covector))

    def _plus(self, total: Any, factor: Any, scalar: Callable[[Any], Any], state: Any) -> Any:
        """`total` plus a factor times the raised gradient of a scalar function of the state."""
        more = self.geometry.sharp(state, jax.grad(scalar)(state))
        return jax.tree.map(lambda a, b: a + cast_like(factor, b) * b, total, more)

    check_state = checks_of("geometry")
    domain = domain_of("energy")
    state_names = names_of("energy")


def _is_used(factor: Any) -> bool:
    """True if a coefficient is anything but the Python number zero."""
    return not isinstance(factor, int | float | np.floating) or factor != 0.0
