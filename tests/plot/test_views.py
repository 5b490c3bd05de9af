"""Views of state spaces: what is seen, and what is held."""

import numpy as np

import thalweg as tw
from thalweg.dynamics.problem import make_problem
from thalweg.plot.fields import sample
from thalweg.plot.views import make_view


def test_views_of_three_coordinates():
    problem, _ = make_problem(tw.models.Lorenz())
    # Two of the three coordinates go together: the third and one of them show the most.
    t = np.linspace(0.0, 6.0, 50)
    points = np.stack([10 * np.cos(t), 10 * np.cos(t), 10 * np.sin(t)], axis=1)
    seen = make_view(problem, points=points)
    assert seen.names == ("x", "z")
    assert (seen.is_projection, seen.held) == (True, "seen along y")
    cut = make_view(problem, plane=("z", 0), through=np.array([1.0, 2.0, 3.0]))
    assert (cut.names, cut.held, cut.is_slice) == (("z", "x"), "held: y = 2", True)
    np.testing.assert_allclose(cut.lift(np.array([5.0, 4.0])), [4.0, 2.0, 5.0])
    values, slopes = sample(cut, np.array([[5.0, 4.0]]))
    np.testing.assert_allclose(values, [[4.0 * 2.0 - 8.0 / 3.0 * 5.0, 10.0 * (2.0 - 4.0)]])
    np.testing.assert_allclose(slopes, [[[-8.0 / 3.0, 2.0], [0.0, -10.0]]])
