"""Methods whose loss is a smooth function of the numbers of the energy, and its least value."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import ConvergenceError, DivergenceError
from thalweg.core.trees import Layout
from thalweg.learning.densities.base import Answer, DensityMethod, DensityQuestion

# Up to here the matrix of second derivatives is cheap, and Newton's steps end at rounding.
_FEW_NUMBERS = 300
# Draws looked at together, so that memory does not grow with their number.
_CHUNK = 4096
# Slopes at rest: of Newton, beside what one draw adds to its step (rounding leaves 1e-16 of it, and
# the error of an answer from n draws is 1/√n of it); of L-BFGS, beside the slope at the start.
_AT_REST, _NEARLY_AT_REST = 1e-8, 1e-4
# The least eigenvalue of second derivatives, in units in which each is one, that rounding allows.
_LEAST_BEND = 1e-12
_MOST_ITERATIONS = 500  # of Newton; of L-BFGS, whose are as much cheaper, ten times as many
# A loss that has fallen by so many of its units falls for ever.
_HOLE = 1e6
# Newton's steps after the search has ended: each doubles the digits.
_POLISHINGS = 3


class SmoothMethod(DensityMethod):
    """A method with a loss for each draw, whose mean is least at the answer (abstract).

    For developers: beside what a `DensityMethod` needs, implement `loss`, one draw's part of it,
    and `drawn`, the random numbers that it takes: the same ones throughout, so that the mean loss
    is one smooth function. `hidden` is learned beside the energy: one number, or None.
    """

    @abstractmethod
    def hidden(self, question: DensityQuestion) -> Any:
        """The number learned beside the energy, as it begins; None where there is none."""

    @abstractmethod
    def drawn(self, question: DensityQuestion) -> Any:
        """Random numbers of the loss, a pytree whose first axis counts the draws; or None."""

    @abstractmethod
    def common(self, question: DensityQuestion) -> Any:
        """Arrays that the loss of every draw needs, a pytree; or None."""

    @abstractmethod
    def loss(self, energy: Any, hidden: Any, x: Any, drawn: Any, common: Any, t: Any) -> jax.Array:
        """The loss of one draw x at the temperature t, a scalar."""

    @abstractmethod
    def shared(self, energy: Any, hidden: Any, common: Any, t: Any) -> jax.Array | float:
        """The part of every draw's loss that does not depend on the draw (log Z, say), a scalar."""

    def answer(self, question: DensityQuestion) -> Answer:
        """The numbers at which the mean loss is least."""
        # Imported here: it takes a while, and importing the room should not.
        from scipy.optimize import minimize

        mean = _Mean(self, question)
        is_small = mean.is_small
        start, noise = mean.start / mean.unit, mean.noise()
        # Noise, directions: losses of another start may be far larger, and the search may go far.
        how: dict[str, Any] = {"gtol": 1e-10 * noise, "maxiter": _MOST_ITERATIONS}
        if is_small:
            radius = noise + float(np.linalg.norm(start))
            how |= {"initial_trust_radius": radius, "max_trust_radius": 1e8 * radius}
            found = minimize(
                mean.value,
                start,
                jac=mean.gradient,
                hess=mean.bend,
                method="trust-exact",
                options=how,
            )
        else:
            how |= {"ftol": 1e-14, "maxiter": 10 * _MOST_ITERATIONS, "maxfun": 10**6}
            found = minimize(mean.value, start, jac=mean.gradient, method="L-BFGS-B", options=how)
        vector = np.asarray(found.x, np.float64)
        for _ in range(_POLISHINGS if is_small else 0):
            vector = mean.polished(vector)
        return mean.told(mean.unit * vector, int(found.nit), np.asarray(mean.values))


class _Mean:
    """The mean loss over the draws as functions of a flat vector, on the host.

    The vector that is searched is one of numbers in units in which second derivatives are one where
    the search begins, so that nothing depends on the units of the draws; `parts` and `told` take
    the numbers themselves.
    """

    def __init__(self, method: SmoothMethod, question: DensityQuestion):
        self.method, self.question = method, question
        trained = question.params, method.hidden(question)
        self.layout = Layout.of(trained)
        self.start = np.asarray(self.layout.flatten(jax.device_get(trained)), np.float64)
        self.common = method.common(question)
        self.chunks = _chunks(question.states, method.drawn(question), question.weights)
        self.is_small = self.start.size <= _FEW_NUMBERS
        self.values: list[float] = []
        self._last: tuple[bytes, Any] = (b"", None)
        self.unit = _units(self.parts(self.start)[2]) if self.is_small else np.ones(self.start.size)

    def parts(self, vector: np.ndarray) -> Any:
        """Value, gradient, and of few numbers the Hessian and the gradients' second moments."""
        tag = np.asarray(vector, np.float64).tobytes()
        if self._last[0] != tag:
            q = self.question
            total: Any = None
            for rows, drawn, weights in self.chunks:
                found = _parts(
                    self.method, q.static, self.layout, np.asarray(vector, np.float64),
                    rows, drawn, weights, self.common, np.float64(q.temperature), self.is_small,
                )  # fmt: skip
                found = [np.asarray(part) for part in found]
                total = (
                    found if total is None else [a + b for a, b in zip(total, found, strict=True)]
                )
            if not all(np.all(np.isfinite(part)) for part in total[:2]):
                raise DivergenceError(
                    f"learn_density: the loss of {self.method.words}, or its slope, left the "
                    f"finite at evaluation {len(self.values) + 1} (loss {float(total[0])}): a "
                    f"number of the energy or a derivative of it is not finite at some draw."
                )
            self._check_hole(float(total[0]))
            self.values.append(float(total[0]))
            self._last = tag, total
        return self._last[1]

    def _check_hole(self, value: float) -> None:
        """Refuse a loss that has fallen far below any that draws of this width can have."""
        variances = np.var(self.question.states, axis=0)
        unit = 1.0 + np.sum(1.0 / variances[variances > 0.0])
        first = self.values[0] if self.values else value
        if value < first - _HOLE * (unit + abs(first)):
            raise ConvergenceError(
                f"learn_density: the loss of {self.method.words} falls without bound ({value:.3g} "
                f"at evaluation {len(self.values) + 1}): the energy is too free for so few draws. "
                f"Take a simpler one, more draws, DenoisingScoreMatching, or learn_energy with "
                f"Samples, which holds some draws out."
            )

    def value(self, vector: np.ndarray) -> float:
        """The mean loss."""
        return float(self.parts(self.unit * vector)[0])

    def gradient(self, vector: np.ndarray) -> np.ndarray:
        """Its gradient."""
        return self.unit * self.parts(self.unit * vector)[1]

    def bend(self, vector: np.ndarray) -> np.ndarray:
        """Its Hessian."""
        return self.unit[:, None] * self.parts(self.unit * vector)[2] * self.unit

    def noise(self) -> float:
        """The size of one draw's slope at the start; of many numbers 1, where it is not known."""
        if not self.is_small:
            return 1.0
        return float(np.sqrt(np.sum(self.unit**2 * np.diagonal(self.parts(self.start)[3]))))

    def polished(self, vector: np.ndarray) -> np.ndarray:
        """The vector after a step of Newton, if the next one would gain less."""
        gradient, bend = self.gradient(vector), self.bend(vector)
        if not np.linalg.eigvalsh(bend)[0] > 0.0:
            return vector
        step = np.linalg.solve(bend, gradient)
        ahead = self.gradient(vector - step)
        is_better = ahead @ np.linalg.solve(bend, ahead) < gradient @ step
        return vector - step if is_better else vector

    def told(self, vector: np.ndarray, num_steps: int, values: np.ndarray) -> Answer:
        """The answer, with standard errors by the sandwich of few numbers."""
        value, gradient, *more = self.parts(vector)
        size, errors = float(np.linalg.norm(gradient)), np.full(vector.size, np.nan)
        if more:
            bend, squares = more
            unit = _units(bend)
            bend = unit[:, None] * bend * unit
            if not np.linalg.eigvalsh(bend)[0] > _LEAST_BEND:
                self._refuse(bend)
            inverse = unit[:, None] * np.linalg.inv(bend) * unit
            errors = np.sqrt(np.diagonal(inverse @ squares @ inverse) / self.question.num_draws)
            # Both as what Newton's step gains: of the mean, and of one draw. No unit matters.
            gain, noise = gradient @ inverse @ gradient, np.sum(inverse * squares)
            is_converged = gain <= _AT_REST**2 * noise
        else:
            # The slope where the search began says how large slopes are.
            first = np.linalg.norm(self.gradient(self.start))
            is_converged = size <= _NEARLY_AT_REST * (1.0 + first)
        params, hidden = self.layout.unflatten(vector)
        count = Layout.of(self.question.params).size
        log_z = float("nan") if hidden is None else float(hidden)
        return Answer(
            params, errors[:count], float(value), size, num_steps, bool(is_converged),
            log_z, values,
        )  # fmt: skip

    def _refuse(self, bend: np.ndarray) -> None:
        names = self.layout.labels()
        least = np.abs(np.linalg.eigh(bend)[1][:, 0])
        raise ConvergenceError(
            f"learn_density: {self.method.words} does not fix the energy: the loss is flat, or "
            f"falls on, as {names[int(np.argmax(least))]} changes. Leave out numbers that do the "
            f"same, or give more draws."
        )


def _units(bend: np.ndarray) -> np.ndarray:
    """Units of numbers in which their second derivatives are one, where these are positive."""
    diagonal = np.diagonal(bend)
    is_fine = diagonal > 0.0
    return np.where(is_fine, np.where(is_fine, diagonal, 1.0) ** -0.5, 1.0)


@eqx.filter_jit
def _parts(
    method: Any, static: Any, layout: Any, vector: Any, rows: Any, drawn: Any, weights: Any,
    common: Any, temperature: Any, is_small: bool,
) -> Any:  # fmt: skip
    def read(vector: Any) -> Any:
        params, hidden = layout.unflatten(vector)
        return eqx.combine(params, static), hidden

    def one(vector: Any, x: Any, own: Any) -> Any:
        return method.loss(*read(vector), x, own, common, temperature)

    def shared(vector: Any) -> Any:
        return jnp.asarray(method.shared(*read(vector), common, temperature), vector.dtype)

    def total(vector: Any) -> Any:
        own = weights @ jax.vmap(one, (None, 0, 0))(vector, rows, drawn)
        return own + jnp.sum(weights) * shared(vector)

    if not is_small:
        return jax.value_and_grad(total)(vector)
    of_rows = jax.vmap(jax.grad(one), (None, 0, 0))(vector, rows, drawn)
    gradients = of_rows + jax.grad(shared)(vector)[None]
    gradients = jnp.where(weights[:, None] > 0.0, gradients, 0.0)  # rows that fill up count nothing
    squares = (weights[:, None] * gradients).T @ gradients
    return *jax.value_and_grad(total)(vector), jax.hessian(total)(vector), squares


def _chunks(states: np.ndarray, drawn: Any, weights: np.ndarray) -> list[Any]:
    """Rows in chunks of one size; the last is filled up with its first row, of weight 0.

    Sizes are powers of two, so that a few more or fewer rows compile nothing new.
    """
    size = min(_CHUNK, 1 << (len(states) - 1).bit_length())
    made = []
    for begin in range(0, len(states), size):
        rows = np.arange(begin, min(begin + size, len(states)))
        filled = np.concatenate([rows, np.full(size - len(rows), begin)])
        shares = np.where(np.arange(size) < len(rows), weights[filled], 0.0)
        made.append((states[filled], jax.tree.map(lambda a, at=filled: a[at], drawn), shares))
    return made
