"""Variables of a sweep: named arrays of fixed shapes, and what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Variable:
    """One array that a measure gives at each point.

    Attributes:
        name: what it is called in the store.
        shape: of one point's array; () of a number.
        dtype: the name of its NumPy dtype.
        dims: the names of its axes.
        long_name: its meaning, in a few words.
        units: of its numbers; empty where they have none.
        flags: the meanings of its values by their names, where they are codes.
        labels: the labels of the entries of its last axis, where they have some.
    """

    name: str
    shape: tuple[int, ...] = ()
    dtype: str = "float64"
    dims: tuple[str, ...] = ()
    long_name: str = ""
    units: str = ""
    flags: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    @property
    def fill(self) -> Any:
        """The value where nothing was computed: NaN, -1, 0 of unsigned numbers, or False."""
        kind = np.dtype(self.dtype).kind
        return {"f": np.nan, "c": complex(np.nan, np.nan), "i": -1}.get(kind, 0)

    def empty(self, lead: tuple[int, ...]) -> np.ndarray:
        """An array of leading axes `lead`, filled with `fill`."""
        return np.full((*lead, *self.shape), self.fill, self.dtype)

    def attributes(self) -> dict[str, Any]:
        """Its meaning in the words of the CF conventions, as `xarray` shows it."""
        said: dict[str, Any] = {"long_name": self.long_name or self.name}
        if self.units:
            said["units"] = self.units
        if self.flags:
            said["flag_values"] = list(self.flags.values())
            said["flag_meanings"] = " ".join(name.replace(" ", "_") for name in self.flags)
        if self.labels:
            said["labels"] = list(self.labels)
        return said

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "dims": list(self.dims),
            "long_name": self.long_name,
            "units": self.units,
            "flags": dict(self.flags),
            "labels": list(self.labels),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Variable":
        """The result that `to_dict` wrote."""
        sequences = {name: tuple(data[name]) for name in ("shape", "dims", "labels")}
        return cls(**{**data, **sequences})
