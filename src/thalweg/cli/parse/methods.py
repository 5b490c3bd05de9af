"""`--method NAME --dt DT`: how a flow or a diffusion is followed."""

from thalweg.core.errors import InputError
from thalweg.simulation import Adaptive, Euler, EulerMaruyama, Milstein, RungeKutta4, Stiff
from thalweg.simulation.methods import Method

_ADAPTIVE = {"adaptive": Adaptive, "stiff": Stiff}
_FIXED = {
    "rk4": RungeKutta4,
    "euler": Euler,
    "euler-maruyama": EulerMaruyama,
    "milstein": Milstein,
}


def read_method(name: str | None, dt: float | None) -> Method | None:
    """The method of that name; None where none is named.

    Raises:
        InputError: there is none of that name, or it needs a step, or has no use for one.
    """
    if name is None:
        return None
    if name in _ADAPTIVE:
        if dt is not None:
            raise InputError(
                f"--method {name} finds the lengths of its steps: leave out --dt, or take "
                f"--method rk4."
            )
        return _ADAPTIVE[name]()
    if name not in _FIXED:
        known = ", ".join([*_ADAPTIVE, *_FIXED])
        raise InputError(f"--method {name!r}: expected one of {known}.")
    if dt is None:
        raise InputError(f"--method {name} takes steps of one length: give --dt, that length.")
    return _FIXED[name](dt)
