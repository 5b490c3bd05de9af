"""The layers that phase portraits are made of."""

from typing import TYPE_CHECKING, Any, Protocol

from thalweg.plot.layers import (
    arrows,
    basins,
    cobweb,
    cycles,
    energy,
    equilibria,
    families,
    nullclines,
    orbits,
    runs,
    separatrices,
    slow,
    streamlines,
    unstable,
    velocity,
)
from thalweg.plot.scenes import Portrait, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Layer(Protocol):
    """One kind of mark on phase portraits: a module with these two functions."""

    def compute(self, scene: Scene, /) -> Any:
        """The numbers of the layer; an empty value where the figure has no place for it."""

    def draw(self, axes: "Axes", data: Portrait, /) -> "Axes":
        """Draw the numbers of the layer, if there are any, and return the axes."""
        ...


# By name, the lowest first. A new layer is a module beside these and a row here.
LAYERS: dict[str, Layer] = {
    "basins": basins,
    "energy": energy,
    "streams": streamlines,
    "arrows": arrows,
    "velocity": velocity,
    "cobweb": cobweb,
    "nullclines": nullclines,
    "runs": runs,
    "separatrices": separatrices,
    "orbits": orbits,
    "cycles": cycles,
    "families": families,
    "slow": slow,
    "unstable": unstable,
    "equilibria": equilibria,
}
