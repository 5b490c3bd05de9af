"""Results as labelled arrays, where xarray is installed."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.extras import not_installed


def dataset(
    times: np.ndarray, states: Any, names: Sequence[str], attributes: Mapping[str, Any]
) -> Any:
    """States along time as an `xarray.Dataset`: a variable a leaf of the state.

    A state that is one vector is the variable `state`, along `time` and `coordinate`.

    Arguments:
        times: shape `(n,)`.
        states: a pytree of arrays with a first axis of n.
        names: one label a coordinate of a state.
        attributes: what the data set says about itself.

    Raises:
        InputError: xarray is not installed.
    """
    try:
        import xarray as xr
    except ModuleNotFoundError as error:
        raise InputError(not_installed("to_xarray", "xarray", "sweeps")) from error
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {"time": times}
    for path, leaf in jax.tree_util.tree_flatten_with_path(states)[0]:
        name = jax.tree_util.keystr(path, simple=True, separator=".") or "state"
        own = [f"{name}_{axis}" for axis in range(np.ndim(leaf) - 1)]
        if not path and len(own) == 1:
            own, coordinates["coordinate"] = ["coordinate"], np.asarray(names)
        variables[name] = (["time", *own], np.asarray(leaf))
    return xr.Dataset(variables, coordinates, dict(attributes))
