"""Result codes: how a run ended, as sentences.

Compiled code returns one of these; the outermost, uncompiled function turns a failure into an
exception. A code is an `equinox` enumeration member, so it passes through `jit` and `vmap`.
"""

import equinox as eqx


class Result(eqx.Enumeration):
    """End of a run or an iteration, as a code."""

    successful = "The run reached its end."
    settled = "The run came to rest before its end."
    diverged = "The state left the finite."
    max_steps = "The step budget ran out before the end was reached."
    not_converged = "The iteration ended without reaching its tolerance."
    step_too_small = "The step size fell below what floating point can resolve."


_CODES = (
    "successful",
    "settled",
    "diverged",
    "max_steps",
    "not_converged",
    "step_too_small",
)
_NAMES = {Result[getattr(Result, name)]: name for name in _CODES}


def code_name(code: Result) -> str:
    """The name of a code, as files have it."""
    return _NAMES[Result[code]]
