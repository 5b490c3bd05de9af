"""Diffusions: rules with chance in continuous time, dx = f dt + g dW."""

from abc import abstractmethod
from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.checks import check_made
from thalweg.core.declared import domain_of, names_of
from thalweg.core.errors import InputError
from thalweg.dynamics.cures import cure_of
from thalweg.dynamics.flows import Flow
from thalweg.dynamics.rules import Random


class Diffusion(Random):
    r"""A stochastic differential equation in the sense of Itô (abstract).

        dx = f(t, x) dt + g(t, x) dW

    with independent Wiener processes W. To write one, subclass and implement `drift`, f, and
    `noise`, g; annotate parameters as fields. What `noise` returns decides what it means:

    - a number: each coordinate has a noise of its own, all of that strength;
    - the shape of the state: each coordinate has a noise of its own, of its own strength;
    - the shape of the state and one axis more, of length m: a matrix, which mixes m processes. Of a
      state with several leaves each leaf has its rows, and they share the m processes.

    For a state of several leaves the first two may be chosen leaf by leaf.

    Example:
        >>> import jax, thalweg as tw
        >>> class OrnsteinUhlenbeck(tw.Diffusion):
        ...     rate: float = 1.0
        ...     strength: float = 0.5
        ...     def drift(self, t, state):
        ...         return -self.rate * state
        ...     def noise(self, t, state):
        ...         return self.strength
        >>> rule, key = OrnsteinUhlenbeck(), jax.random.key(0)
        >>> len(tw.simulate(rule, 1.0, duration=5.0, dt=0.05, key=key))
        101

    References:
        Kloeden & Platen (1992), *Numerical Solution of Stochastic Differential Equations*.
    """

    @abstractmethod
    def drift(self, t: Any, state: Any) -> Any:
        """f at time `t`, of the same structure, shapes and dtypes as `state`."""

    @abstractmethod
    def noise(self, t: Any, state: Any) -> Any:
        """g at time `t`: a number, a strength a coordinate, or a matrix."""

    @property
    def rule_kind(self) -> str:
        """`"diffusion"`."""
        return "diffusion"

    @property
    def has_continuous_time(self) -> bool:
        """True."""
        return True

    @property
    def cure(self) -> str:
        """Its drift."""
        return "Ask about its drift, a flow: thalweg.dynamics.Drift(rule)."

    def trial(self, t: Any, state: Any) -> Any:
        """The drift; the noise is looked at too.

        Raises:
            InputError: the noise does not fit the state.
        """
        try:
            noise_matrix(self, t, state)
        except InputError:
            raise
        except Exception as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            raise InputError(
                f"{type(self).__name__}.noise fails for such a state "
                f"({type(error).__name__}: {reason}).{cure_of(error, owner=self)}"
            ) from error
        return self.drift(t, state)


class Drift(Flow):
    """The flow of a diffusion without its noise, dx/dt = f(t, x).

    Arguments:
        diffusion: the diffusion.

    Raises:
        InputError: it is none.
    """

    diffusion: Diffusion

    def __check_init__(self) -> None:
        """Refuse what has no drift."""
        check_made("Drift: diffusion", self.diffusion)
        if not isinstance(self.diffusion, Diffusion):
            raise InputError(f"Drift: diffusion must be a Diffusion, got {self.diffusion!r}.")

    def velocity(self, t: Any, state: Any) -> Any:
        """f(t, x)."""
        return self.diffusion.drift(t, state)

    domain = domain_of("diffusion")
    state_names = names_of("diffusion")


def noise_matrix(rule: Diffusion, t: Any, state: Any) -> tuple[Any, int | None]:
    """The noise in the dtype of a state, and how many processes it mixes.

    Returns:
        A pytree like the state and None, where each coordinate has a noise of its own; or one whose
        leaves have one axis more, and its length m.

    Raises:
        InputError: it is shaped neither like the state nor like a matrix.
    """
    treedef, leaves = jax.tree.structure(state), jax.tree.leaves(state)
    given = rule.noise(t, state)
    shapes = [jnp.shape(x) for x in leaves]
    if jax.tree.structure(given) == treedef:
        parts = jax.tree.leaves(given)
    elif jax.tree.structure(given) == jax.tree.structure(0.0) and jnp.ndim(given) == 0:
        parts = [given] * len(leaves)
    else:
        raise InputError(
            f"{type(rule).__name__}.noise must be a number or have the structure of the state, "
            f"{treedef}, got {jax.tree.structure(given)}."
        )
    parts = [jnp.asarray(part, x.dtype) for part, x in zip(parts, leaves, strict=True)]
    if all(p.shape in ((), s) for p, s in zip(parts, shapes, strict=True)):
        own = [jnp.broadcast_to(p, s) for p, s in zip(parts, shapes, strict=True)]
        return jax.tree.unflatten(treedef, own), None
    counts = {p.shape[-1] for p in parts if p.ndim}
    has_rows = all(p.ndim and p.shape[:-1] == s for p, s in zip(parts, shapes, strict=True))
    if has_rows and len(counts) == 1:
        return jax.tree.unflatten(treedef, parts), counts.pop()
    raise InputError(
        f"{type(rule).__name__}.noise must be a number, have the shape of the state, "
        f"{_said(shapes)}, or one axis more for a matrix; got "
        f"{_said([part.shape for part in parts])}."
    )


def _said(shapes: list[Any]) -> Any:
    return shapes[0] if len(shapes) == 1 else tuple(shapes)
