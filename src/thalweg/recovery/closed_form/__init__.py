"""The question in exact form, on SymPy expressions: energies and metrics in closed form."""

from thalweg.core.extras import not_installed

try:
    import sympy as _sympy  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(not_installed("recover_symbolic", "SymPy", "symbolic")) from error

from thalweg.recovery.closed_form.recover import recover_symbolic
from thalweg.recovery.closed_form.verdict import SymbolicVerdict

__all__ = ["SymbolicVerdict", "recover_symbolic"]
