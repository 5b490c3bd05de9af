"""The one family of errors.

A message names the argument, the value, what was expected, and what to do about it.
"""


class ThalwegError(Exception):
    """Any error that thalweg raises on purpose."""


class InputError(ThalwegError, ValueError):
    """An input that is wrong: an argument, a rule, a file, an option."""


class ConvergenceError(ThalwegError, ArithmeticError):
    """An iteration ended without reaching its tolerance."""


class DivergenceError(ThalwegError, ArithmeticError):
    """A state left the finite; the message says where and when."""


class StoreError(ThalwegError, OSError):
    """A file or store cannot be read, written or trusted."""
