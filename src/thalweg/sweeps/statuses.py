"""The statuses of points of a sweep, as small numbers that a store keeps."""

import enum

import numpy as np


class Status(enum.IntEnum):
    """The end of a point; a measure of one's own may return any of those from `DONE` on."""

    MISSING = 0
    DONE = 1
    OUTSIDE = 2
    FAILED = 3
    NOT_FINITE = 4
    DIVERGED = 5
    UNFINISHED = 6

    @property
    def words(self) -> str:
        """Its name as files and tables have it."""
        return self.name.lower().replace("_", "-")

    @property
    def has_values(self) -> bool:
        """True where the numbers of a point are an answer: what else is kept there counts not."""
        return self in (Status.DONE, Status.NOT_FINITE)

    @property
    def meaning(self) -> str:
        """The meaning as the end of a sentence about points."""
        return _MEANINGS[self]


_MEANINGS = {
    Status.MISSING: "were not computed yet",
    Status.DONE: "were computed",
    Status.OUTSIDE: "have parameters that the system refuses",
    Status.FAILED: "made the measure fail",
    Status.NOT_FINITE: "gave a number that is not finite",
    Status.DIVERGED: "left the finite",
    Status.UNFINISHED: "ran out of steps",
}


def have_values(statuses: np.ndarray) -> np.ndarray:
    """Booleans of the same shape: whether the numbers of each point are an answer."""
    return np.isin(statuses, [status for status in Status if status.has_values])
