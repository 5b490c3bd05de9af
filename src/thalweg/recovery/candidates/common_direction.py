"""The direction that a set of vectors all point along, if there is one."""

import numpy as np


def widest_margin(rows: np.ndarray) -> tuple[np.ndarray | None, float]:
    r"""The unit vector c that maximises the smallest a_p·c over unit vectors a_p.

    The shortest c with a_p·c ≥ 1 for all p is found as a nonnegative least-squares problem
    (least-distance programming); by Gordan's theorem there is none exactly if a convex combination
    of the a_p vanishes.

    Arguments:
        rows: the a_p, shape `(n, k)`.

    Returns:
        c, shape `(k,)`, and the margin; None and 0 where no vector has all a_p on its side,
        or where there are none.

    References:
        Lawson & Hanson, *Solving Least Squares Problems* (1974), chapter 23.
    """
    from scipy.optimize import nnls

    if not len(rows):  # SciPy's program writes where it must not
        return None, 0.0
    system = np.concatenate([rows.T, np.ones((1, len(rows)))])
    target = np.zeros(len(system))
    target[-1] = 1.0
    try:
        shares, _ = nnls(system, target, maxiter=10 * system.shape[1])
    except RuntimeError:  # it ran out of iterations, as it may where the answer is "none"
        return None, 0.0
    residual = system @ shares - target
    if -residual[-1] < 1e-14:
        return None, 0.0
    direction = residual[:-1] / -residual[-1]
    length = float(np.linalg.norm(direction))
    if length == 0.0:
        return None, 0.0
    direction = direction / length
    margin = float(np.min(rows @ direction))
    return (direction, margin) if margin > 0.0 else (None, 0.0)
