"""Basins of attraction behind everything else, where there are two attractors or more.

Coarse: the starts are the middles of `_CELLS` cells a side, and boundaries are drawn smooth between
them. `thalweg.find_basins` is the way to numbers.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from thalweg.analysis import find_basins
from thalweg.analysis.basins.follow import Following
from thalweg.core.progress import quiet
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import COLOURS, GREY
from thalweg.plot.views import CORNERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Cells a side of a plane, and of a line: one takes about as long to see as the other to compute.
_CELLS, _CELLS_OF_A_LINE = 80, 400
# A figure waits no longer than these steps for a start; what is undecided then has no colour. Two
# pools of lanes, the pilots' and this, are two compiled programs.
_FOLLOWING = Following(max_steps=4096, lanes=512, prove=False)
# As many starts as there are lanes are tried first: where most are undecided, as in stiff systems,
# the others would be, too, at a price.
_TRIED, _MOST_UNDECIDED = 512, 0.5
# Finer cells of the image, in each direction, between which its boundaries are smooth.
_FINER = 4
# Pale, so that lines and marks stand out against it.
_ALPHA = 0.25
_UNDECIDED = -3  # as of `analysis.basins.follow`: a start of no attractor
_NAME = "basins of attraction"


class Shades(NamedTuple):
    """The attractor that each cell of a figure ends on.

    Attributes:
        axes: the middles of the cells along each axis, one or two arrays.
        labels: the numbers of the attractors, −1 and −2 for what leaves, −3 for what is undecided
            or outside the domain; rows along the second axis, as matplotlib has it.
    """

    axes: tuple[np.ndarray, ...]
    labels: np.ndarray


def compute(scene: Scene) -> Shades | None:
    """The basins on the plane or line of the figure; None where fewer than two share it."""
    view = scene.view
    if not scene.has_basins or view.is_projection or _num_attractors(scene) < 2:
        return None
    count = _CELLS if view.dimension == 2 else _CELLS_OF_A_LINE
    unit = (np.arange(count) + 0.5) / count
    axes = tuple(
        low + unit * (high - low) for low, high in zip(view.lower, view.upper, strict=True)
    )
    places = np.stack(np.meshgrid(*axes), axis=-1)
    inside = np.flatnonzero(view.contains(places.reshape(-1, view.dimension)))
    # The first few starts show what attracts: they are to be anywhere.
    inside = np.random.default_rng(0).permutation(inside)
    points = view.lift(places.reshape(-1, view.dimension)[inside])
    if np.mean(_labels(scene, points[:_TRIED]) == _UNDECIDED) > _MOST_UNDECIDED:
        return None
    found = _labels(scene, points)
    labels = np.full(places.shape[:-1], _UNDECIDED)
    labels.flat[inside] = found
    return Shades(axes, labels) if len(np.unique(found[found >= 0])) > 1 else None


def _labels(scene: Scene, points: np.ndarray) -> np.ndarray:
    """The labels of starts in the coordinates of the domain, `(n,)`."""
    known: Any = {"equilibria": scene.equilibria, "cycles": scene.cycles}
    with quiet(True):
        return find_basins(
            scene.problem.rule, scene.domain, starts=scene.problem.chart.embed(points),
            following=_FOLLOWING, **known,
        ).labels  # fmt: skip


def _num_attractors(scene: Scene) -> int:
    """Attractors known: states of rest, cycles, and one more where orbits of a map wander."""
    resting = sum(e.stable is True and not e.continuum for e in scene.equilibria)
    loops = sum(bool(c.stable) and not c.continuum for c in scene.cycles)
    settled = scene.sample.settled
    return resting + loops + (settled is not None and len(settled) > 0)


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw each basin in a pale colour of its own, grey where states leave."""
    if data.basins is None:
        return axes
    if data.view.dimension == 1:
        _draw_strips(axes, data.basins)
    else:
        _draw_image(axes, data)
    for number in np.unique(data.basins.labels):
        if number >= 0:
            axes.plot(
                [], [], linestyle="none", marker="s", markersize=6, markeredgewidth=0.0,
                color=_colour(number), alpha=2.0 * _ALPHA, label=_NAME,
            )  # fmt: skip
    return axes


def _colour(label: int) -> str:
    return COLOURS[label % len(COLOURS)] if label >= 0 else GREY


def _draw_strips(axes: "Axes", shades: Shades) -> None:
    """The basins of a line, over the whole height of the figure."""
    (x,), labels = shades.axes, shades.labels
    cuts = np.flatnonzero(np.diff(labels)) + 1
    half = 0.5 * (x[1] - x[0])
    for part in np.split(np.arange(len(x)), cuts):
        label = int(labels[part[0]])
        if label != _UNDECIDED:
            axes.axvspan(
                x[part[0]] - half, x[part[-1]] + half, color=_colour(label), alpha=_ALPHA,
                linewidth=0.0, zorder=0.2,
            )  # fmt: skip


def _draw_image(axes: "Axes", data: Portrait) -> None:
    """The basins of a plane; limits stay as they are."""
    from matplotlib.colors import to_rgba
    from matplotlib.image import AxesImage
    from matplotlib.patches import Polygon

    view, labels = data.view, _finer(data.basins.labels)
    pixels = np.zeros((*labels.shape, 4))
    for label in np.unique(labels):
        if label != _UNDECIDED:
            pixels[labels == label] = to_rgba(_colour(int(label)), _ALPHA)
    (left, bottom), (right, top) = view.lower, view.upper
    image = AxesImage(
        axes, extent=(left, right, bottom, top), origin="lower", interpolation="nearest"
    )
    image.set_data(pixels)
    image.set_zorder(0.2)
    axes.add_image(image)
    edge = Polygon(CORNERS, closed=True, transform=axes.transData) if view.corners else axes.patch
    image.set_clip_path(edge)


def _finer(labels: np.ndarray) -> np.ndarray:
    """Labels on finer cells: of those around, the one that outweighs the others there."""
    from scipy import ndimage

    nearest = np.asarray(
        ndimage.distance_transform_edt(
            labels == _UNDECIDED, return_distances=False, return_indices=True
        )
    )
    known = np.unique(labels)
    filled = labels[tuple(nearest)] if len(known) > 1 else labels
    places = (np.arange(_FINER * len(labels)) + 0.5) / _FINER - 0.5
    where = np.meshgrid(places, places, indexing="ij")
    weights = [
        ndimage.map_coordinates((filled == label).astype(float), where, order=1, mode="nearest")
        for label in known
    ]
    return known[np.argmax(weights, axis=0)]
