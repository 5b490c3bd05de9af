"""`--start "X,Y"`: where a run begins, one number a coordinate."""

from typing import Any

import jax
import numpy as np

from thalweg.cli.parse.loader import System
from thalweg.core.declared import declared_domain, declared_names, declared_start
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.dynamics import resolve_domain


def read_start(text: str | None, system: System, seed: int) -> Any:
    """The start that the text asks for, or the declared one, or a random point of the domain.

    Raises:
        InputError: the text holds no numbers, or not as many as the state has coordinates; no start
            is given and no domain declared.
    """
    declared = declared_domain(system.rule)
    if text is None:
        own = declared_start(system.rule)
        if own is not None:
            return np.asarray(own, float)
        if declared is None:
            raise InputError(
                f"{system.name} declares no domain to draw a start from: give --start, one number "
                f'a coordinate, such as --start "0.5,0".'
            )
        return _drawn(system, seed)
    try:
        numbers = np.asarray([float(part) for part in text.split(",")])
    except ValueError as error:
        raise InputError(
            f'--start {text!r}: expected one number a coordinate, such as "0.5,0".'
        ) from error
    if declared is None:
        return numbers
    layout = declared.chart().layout
    if layout.size != len(numbers):
        names = ", ".join(declared_names(system.rule, layout)[:8])
        raise InputError(
            f"--start: the state has {counted(layout.size, 'coordinate')} ({names}), got "
            f"{len(numbers)}."
        )
    return layout.unflatten(numbers)


def _drawn(system: System, seed: int) -> Any:
    with jax.enable_x64(True):
        chart = resolve_domain(system.rule).chart()
        point = np.asarray(chart.sample(jax.random.key(seed), 1))[0]
        return jax.tree.map(np.asarray, chart.embed(point))
