"""A proof of how many equilibria there are: the result, and its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.tables import counted, format_number


@dataclass(frozen=True, eq=False)
class Proof:
    """A proof, by ball arithmetic over the rule's program, of which equilibria a box holds.

    It is about the program as it stands: its numbers are taken exactly, its operations are carried
    out without rounding.

    Attributes:
        boxes: corners of boxes in coordinates of the domain, in each of which there is exactly one
            equilibrium, shape `(k, 2, d)`; outside of them and of `undecided` there is none.
        undecided: corners of boxes about which nothing is proved, shape `(m, 2, d)`: around a
            degenerate equilibrium, along a continuum, or where the boxes allowed were spent.
        num_boxes: how many boxes were looked at.
        on_edge: how many of the equilibria lie on the edge of the domain, within 1e-9 of
            its widths.
        added: how many of them no start had led to.
        refuted: how many points that the search took for equilibria are proved to be none.
    """

    boxes: np.ndarray
    undecided: np.ndarray
    num_boxes: int
    on_edge: int = 0
    added: int = 0
    refuted: int = 0

    @property
    def is_complete(self) -> bool:
        """True where every equilibrium of the domain is proved to be known."""
        return not len(self.undecided)

    def in_words(self, one: str, many: str) -> list[str]:
        """The outcome in sentences, for what equilibria of this kind of rule are called."""
        count = len(self.boxes)
        if self.is_complete:
            these = "exactly this one" if count == 1 else f"exactly these {count}"
            these = these if count else "no"
            said = [
                f"Proved: {these} {one if count == 1 else many} in the domain, by ball arithmetic "
                f"({counted(self.num_boxes, 'box', 'boxes')})."
            ]
        else:
            said = [self._open_in_words(one, many)]
        if self.on_edge:
            edge = "on the edge of the domain, within 1e-9 of its width"
            said.append(f"{self.on_edge} of them {edge}.")
        if self.added:
            said.append(f"{self.added} of them by the proof: no start had led there.")
        if self.refuted:
            said.append(
                f"{counted(self.refuted, 'point')} at which the speed "
                f"is zero to rounding {'is' if self.refuted == 1 else 'are'} proved to be none."
            )
        return said

    def _open_in_words(self, one: str, many: str) -> str:
        count = len(self.boxes)
        sides = np.max(self.undecided[:, 1] - self.undecided[:, 0], axis=1)
        widest = self.undecided[int(np.argmax(sides))]
        middle = ", ".join(format_number(value + 0.0) for value in np.round(widest.mean(axis=0), 6))
        where = f"{counted(len(sides), 'box', 'boxes')} {'is' if len(sides) == 1 else 'are'}"
        return (
            f"Not all is proved: {where} undecided, the widest {np.max(sides):.1e} wide about "
            f"({middle}). Elsewhere: {f'exactly {count}' if count else 'no'} "
            f"{one if count == 1 else many} "
            f"({counted(self.num_boxes, 'box', 'boxes')} in ball arithmetic)."
        )

    def to_dict(self) -> dict[str, Any]:
        """The proof as JSON-ready data, `is_complete` among it."""
        return {
            "is_complete": self.is_complete,
            "dimension": self.boxes.shape[2],
            "boxes": self.boxes.tolist(),
            "undecided": self.undecided.tolist(),
            "num_boxes": self.num_boxes,
            "on_edge": self.on_edge,
            "added": self.added,
            "refuted": self.refuted,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Proof":
        """The proof that `to_dict` wrote."""
        counts = ("num_boxes", "on_edge", "added", "refuted")
        parts = (np.asarray(data[k], dtype=float) for k in ("boxes", "undecided"))
        boxes, undecided = (part.reshape(-1, 2, data["dimension"]) for part in parts)
        return cls(boxes, undecided, **{name: data[name] for name in counts})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proof) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


def merged(boxes: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Boxes `(m, 2, d)` that hold the given ones, those together that touch."""
    found = np.empty((0, 2, boxes.shape[2]))
    slack = 1e-12 * widths  # of faces that halving makes equal
    for box in boxes:
        while True:
            touches = np.all(
                (found[:, 0] <= box[1] + slack) & (found[:, 1] >= box[0] - slack), axis=1
            )
            if not touches.any():
                break
            near = found[touches]
            low = np.minimum(box[0], near[:, 0].min(axis=0))
            box = np.stack([low, np.maximum(box[1], near[:, 1].max(axis=0))])
            found = found[~touches]
        found = np.concatenate([found, box[None]])
    return found
