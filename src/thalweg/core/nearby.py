"""Offers of known names for one that is not known."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any

_NEAR = 0.5  # of difflib's ratio: half of the letters in their order


def near_names(name: str, known: Iterable[str], most: int = 3, cutoff: float = _NEAR) -> list[str]:
    """Known names that are near to one, the nearest first.

    Arguments:
        name: as it was typed. Case, dashes and underscores part no names.
        known: names that there are.
        most: how many to find.
        cutoff: least share of letters in their order, of difflib.
    """
    names, plain = list(known), _plain(name)
    same = [there for there in names if _plain(there) == plain]
    if same:
        return same[:most]
    near = difflib.get_close_matches(name, names, n=most, cutoff=cutoff)
    by_plain = {_plain(there): there for there in names}
    found = difflib.get_close_matches(plain, by_plain, n=most, cutoff=cutoff)
    return near or [by_plain[there] for there in found]


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def did_you_mean(name: str, known: Iterable[str], most: int = 3, otherwise: str = "") -> str:
    """ "Did you mean fitzhugh-nagumo?", or `otherwise` where no known name is near.

    Arguments:
        name: as it was typed.
        known: names that there are.
        most: how many to offer.
        otherwise: what to say instead.
    """
    near = near_names(name, known, most)
    return f"Did you mean {' or '.join(near)}?" if near else otherwise


def missing(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error of a name that a module does not have, with those that are near."""
    hint = "" if name.startswith("_") else did_you_mean(name, known)
    return AttributeError(
        " ".join(filter(None, (f"module {module!r} has no attribute {name!r}.", hint))), name=name
    )


def offering(module: str, known: Iterable[str]) -> Callable[[str], Any]:
    """The `__getattr__` of a module: the error of a name that it does not have."""

    def __getattr__(name: str) -> Any:
        raise missing(module, name, known)

    return __getattr__
