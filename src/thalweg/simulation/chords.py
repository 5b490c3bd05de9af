"""The chord method for the stages of implicit steps, patient where the field bends.

A module of its own, because Optimistix is imported only where steps are implicit.
"""

from typing import Any

import jax.numpy as jnp
import optimistix as optx

# Of what is allowed: so little more is left to go, or so short is a move that rounding makes.
_LEFT, _ROUNDING = 1e-2, 1e-3
# Moves before a longer one than the last counts as divergence. Along a slow manifold the second
# corrects the bend that the first went past.
_PATIENCE = 3


class PatientChord(optx.AbstractRootFinder):
    """Newton's method with one Jacobian, up to an error that is allowed.

    Optimistix's own ends in failure where the second move is more than twice the first, which makes
    steps along slow manifolds a hundred times shorter than their error would.

    Attributes:
        rtol: not used.
        atol: the error allowed of each unknown.
        norm: the largest of the unknowns.
    """

    rtol: Any
    atol: Any
    norm: Any = optx.max_norm

    @property
    def _chord(self) -> optx.Chord:
        return optx.Chord(0.0, self.atol, self.norm, cauchy_termination=False)

    def init(
        self, fn: Any, y: Any, args: Any, options: Any, f_struct: Any, aux_struct: Any, tags: Any
    ) -> Any:
        """The Jacobian where the iteration begins."""
        return self._chord.init(fn, y, args, options, f_struct, aux_struct, tags)

    def step(self, fn: Any, y: Any, args: Any, options: Any, state: Any, tags: Any) -> Any:
        """One move."""
        return self._chord.step(fn, y, args, options, state, tags)

    def terminate(
        self, fn: Any, y: Any, args: Any, options: Any, state: Any, tags: Any
    ) -> tuple[Any, Any]:
        """Truth, and a code: the unknowns are known, or the moves become longer."""
        rate = state.diffsize / state.diffsize_prev
        left = state.diffsize * rate / (1.0 - rate)
        is_known = (state.step >= 2) & (rate < 1.0) & (left < _LEFT)
        is_known |= state.diffsize < _ROUNDING
        is_lost = (state.step >= 1) & ~jnp.isfinite(state.diffsize)
        is_lost |= (state.step >= _PATIENCE) & (rate > 1.0)
        result = optx.RESULTS.where(
            is_lost & ~is_known, optx.RESULTS.nonlinear_divergence, state.result
        )
        return is_known | is_lost | (state.result != optx.RESULTS.successful), result

    def postprocess(
        self, fn: Any, y: Any, aux: Any, args: Any, options: Any, state: Any, tags: Any, result: Any
    ) -> Any:
        """The unknowns as they are."""
        return self._chord.postprocess(fn, y, aux, args, options, state, tags, result)
