"""A held input with β > 0 as a problem in one unknown, S: its terms, for many (α, β) at once."""

from typing import NamedTuple

import numpy as np


class Problems(NamedTuple):
    """B held inputs that differ in α and β; only driven neurons, d of them.

    Attributes:
        drive: r > 0, shape `(d,)`.
        expected: c̃, shape `(d,)`.
        alpha: shape `(B,)`.
        beta: shape `(B,)`.
        sigma: σ.
        size: n, silent neurons included.
    """

    drive: np.ndarray
    expected: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    sigma: float
    size: int

    def rows(self, which: np.ndarray) -> "Problems":
        """Some of the problems."""
        return self._replace(alpha=self.alpha[which], beta=self.beta[which])

    @property
    def linear(self) -> np.ndarray:
        """p_i, shape `(B, d)`."""
        beta, alpha = self.beta[:, None], self.alpha[:, None]
        return beta * (self.sigma**2 + self.expected) + alpha * self.expected


class Terms(NamedTuple):
    """The one-dimensional problem of β > 0, in arrays of shape `(B, d)`.

    Attributes:
        limit: S_i.
        strength: A_i.
        share: 2 A_i S_i = n r_i p_i / 2α.
        root_scale: n p_i / 2α, so that R_i = root_scale (1 ± s_i) / S.
    """

    limit: np.ndarray
    strength: np.ndarray
    share: np.ndarray
    root_scale: np.ndarray

    @classmethod
    def of(cls, problems: Problems) -> "Terms":
        """The terms of problems with α, β > 0."""
        linear = problems.linear
        alpha, beta = problems.alpha[:, None], problems.beta[:, None]
        root_scale = problems.size * linear / (2.0 * alpha)
        return cls(
            root_scale * linear / (2.0 * beta * problems.drive),
            beta * problems.drive**2 / linear,
            root_scale * problems.drive,
            root_scale,
        )

    def rows(self, which: np.ndarray) -> "Terms":
        """Some of the problems."""
        return Terms(*(a[which] for a in self))

    def slack(self, neuron: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """S and s_i where s of `neuron` is x, without cancellation near the limit of any."""
        limit = np.take_along_axis(self.limit, neuron[:, None], axis=1)
        square = (self.limit - limit) / self.limit + (limit / self.limit) * x[:, None] ** 2
        return limit[:, 0] * (1.0 - x) * (1.0 + x), np.sqrt(np.maximum(square, 0.0))

    def phi(
        self, neuron: np.ndarray, x: np.ndarray, lower: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Φ where s of `neuron` is x, all roots upper or that one lower; and the 1 ± s_i."""
        total, slack = self.slack(neuron, x)
        signed = 1.0 + slack
        if lower:
            signed[np.arange(len(x)), neuron] = 1.0 - x
        return total**2 - (self.share * signed).sum(axis=1), signed

    def state(
        self, neuron: np.ndarray, x: np.ndarray, lower: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """S and 1 ± s_i."""
        return self.slack(neuron, x)[0], self.phi(neuron, x, lower)[1]

    def slope(self, neuron: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """L − A_k, of the sign of Φ_k', and dL/dz of it (z = 1/x²)."""
        total, slack = self.slack(neuron, x)
        others = np.ones_like(slack)
        others[np.arange(len(x)), neuron] = 0.0
        limit = np.take_along_axis(self.limit, neuron[:, None], axis=1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = x[:, None] / slack
            terms = np.where(others > 0.0, self.strength * ratio, 0.0)
            curve = np.where(others > 0.0, terms * ratio**2 * (limit / self.limit - 1.0), 0.0)
        strength = np.take_along_axis(self.strength, neuron[:, None], axis=1)[:, 0]
        value = 2.0 * total * x + terms.sum(axis=1) - strength
        lead = limit[:, 0] * x**3 * (3.0 * x**2 - 1.0)
        return value, lead + 0.5 * curve.sum(axis=1)
