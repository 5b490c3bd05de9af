"""Offers of known names for one that is not known."""

import difflib
from collections.abc import Iterable

_NEAR = 0.5  # of difflib's ratio: half of the letters in their order


def near_names(name: str, known: Iterable[str], most: int = 3, cutoff: float = _NEAR) -> list[str]:
    """Known names that are near to one, the nearest first.

    Arguments:
        name: as it was typed; the known names are looked through in lower case, with dashes, too.
        known: names that there are.
        most: how many to find.
        cutoff: least share of letters in their order, of difflib.
    """
    names, plain = list(known), name.lower().replace("_", "-")
    near = difflib.get_close_matches(name, names, n=most, cutoff=cutoff)
    return near or difflib.get_close_matches(plain, names, n=most, cutoff=cutoff)


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
