"""`--hold NAME=VALUE`: coordinates of the state that are held, so that a plane is left."""

from collections.abc import Sequence

import numpy as np

from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.dynamics import Rule, declared_names


def read_held(texts: Sequence[str] | None, rule: Rule, domain: Domain) -> Domain:
    """The domain with coordinates held at values, by their names or indices.

    Raises:
        InputError: a text is not of that form, names no coordinate, or the domain is no box.
    """
    if not texts:
        return domain
    if not isinstance(domain, Box):
        raise InputError(f"--hold: coordinates of {domain.words} cannot be held one by one.")
    layout = domain.layout
    names = declared_names(rule, layout)
    lower, upper = (layout.flatten(bound).copy() for bound in (domain.lower, domain.upper))
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            name, value = "", 0.0
        if not name.strip() or not np.isfinite(value):
            raise InputError(f"--hold {text!r}: expected NAME=VALUE, such as z=27.")
        if name.strip() not in names:
            known = ", ".join(names[:12])
            raise InputError(
                f"--hold {text!r}: there is no coordinate of that name; it has {known}."
            )
        index = names.index(name.strip())
        lower[index] = upper[index] = value
    turns = layout.flatten(domain.periodic).astype(bool) & (upper > lower)
    flat = layout.unflatten
    return Box(flat(lower), flat(upper), flat(turns))
