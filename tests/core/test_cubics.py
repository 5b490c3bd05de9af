"""The cubic through two points with given slopes, against SciPy's."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from thalweg.core.cubics import bends, cubic


def test_it_is_the_hermite_cubic():
    rng = np.random.default_rng(0)
    a, b, u, v = rng.normal(size=(4, 3))
    s = np.linspace(0.0, 1.0, 7)
    wanted = CubicHermiteSpline([0.0, 1.0], np.stack([a, b]), np.stack([u, v]))
    np.testing.assert_allclose(cubic(a, b, u, v, s[:, None]), wanted(s), rtol=0, atol=1e-14)
    c, d = bends(a, b, u, v)
    np.testing.assert_allclose(u + 2.0 * c * 0.3 + 3.0 * d * 0.09, wanted(0.3, 1), rtol=1e-12)
