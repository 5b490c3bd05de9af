"""Bits of the numbers of an energy."""

import numpy as np

# The mean square error of rounding to a grid, in units of its spacing.
_ROUNDING = 1.0 / 12.0


def bits_as_known(values: np.ndarray, information: np.ndarray, deviation: float) -> float:
    r"""Bits of numbers, each at the precision at which the data know it (Wallace & Freeman 1987).

    To round one number to a grid of spacing δ costs −log₂ p(θ)δ bits and Fδ²/24 nats of the
    residual, with F what the data know of it: least at δ = √(12/F), where the latter is half a nat.
    Of several, δ² becomes the determinant of F, to which the prior adds what it knows.

    Arguments:
        values: θ, `(k,)`, with the prior N(0, s²).
        information: F, of θ, `(k, k)`, in nats.
        deviation: s.
    """
    count = len(values)
    if count == 0:
        return 0.0
    known = information + np.eye(count) / deviation**2
    nats = (
        0.5 * np.sum((values / deviation) ** 2)
        + 0.5 * count * np.log(2.0 * np.pi * deviation**2)
        + 0.5 * np.linalg.slogdet(known)[1]
        + 0.5 * count * (1.0 + np.log(_ROUNDING))
    )
    return float(nats / np.log(2.0))


def bits_at(values: np.ndarray, precision: float, deviation: float) -> float:
    """Bits of numbers that are rounded to multiples of a precision.

    Arguments:
        values: θ, `(k,)`, with the prior N(0, s²).
        precision: δ, small beside s.
        deviation: s.
    """
    nats = 0.5 * np.sum((values / deviation) ** 2)
    nats += len(values) * (0.5 * np.log(2.0 * np.pi * deviation**2) - np.log(precision))
    return float(nats / np.log(2.0))
