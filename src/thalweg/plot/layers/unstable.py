"""The directions in which states leave equilibria, where a space is seen along others."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.fields import jacobian_at
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import VERMILLION, letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# An imaginary part below this, relative to the vector, is rounding.
_REAL = 1e-9
# Half the length of a stroke, as a share of the figure: a mark is some .02 wide and a head as long,
# so that both and a piece of the shaft are seen.
_LENGTH = 0.075
# Equilibria and directions of each that can be told apart on one figure.
_MOST_EQUILIBRIA, _MOST_DIRECTIONS = 24, 3
_HEAD = 8.0  # points: seen beside a mark as large


def compute(scene: Scene) -> list[np.ndarray]:
    """Strokes `(2, 2)` through the equilibria, along the modes that grow fastest."""
    view, problem = scene.view, scene.problem
    if not view.is_projection:  # on the plane itself curves show them
        return []
    strokes = []
    pairs = zip(scene.resting, scene.equilibria, strict=True)
    unstable = [y for y, e in pairs if e.stable is False and not e.continuum]
    for y in unstable[:_MOST_EQUILIBRIA]:
        own = np.asarray(problem.rule.own_jacobian(jacobian_at(problem, y)))
        values, vectors = np.linalg.eig(own)
        growth = np.asarray(problem.rule.growth(values))
        # Of a conjugate pair both parts of one vector span the plane of the mode.
        order = [i for i in np.argsort(-growth) if growth[i] > 0.0 and np.imag(values[i]) >= 0.0]
        for i in order[:_MOST_DIRECTIONS]:
            strokes += [_stroke(scene, y, part) for part in _parts(vectors[:, i])]
    return strokes


def _parts(vector: np.ndarray) -> list[np.ndarray]:
    is_real = np.max(np.abs(np.imag(vector))) <= _REAL * np.max(np.abs(vector))
    return [np.real(vector)] if is_real else [np.real(vector), np.imag(vector)]


def _stroke(scene: Scene, y: np.ndarray, direction: np.ndarray) -> np.ndarray:
    view = scene.view
    size = view.upper - view.lower
    along = view.place(y + direction) - view.place(y)
    along = along / max(float(np.linalg.norm(along / size)), 1e-300)
    return view.place(y) + _LENGTH * np.array([[-1.0], [1.0]]) * along


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw the strokes as arrows both ways, below the marks of the equilibria."""
    look = {"color": VERMILLION, "linewidth": 1.3, "zorder": 7}
    head = {"arrowstyle": "-|>", "shrinkA": 0.0, "shrinkB": 0.0}
    head["mutation_scale"] = letters(axes, _HEAD)
    for stroke in data.unstable:
        axes.plot(*stroke.T, **look)
        for tip in stroke:
            axes.annotate("", tuple(tip), tuple(stroke.mean(axis=0)), arrowprops=look | head)
    if data.unstable:
        axes.plot([], [], marker=">", markersize=5, label="states leave this way", **look)
    return axes
