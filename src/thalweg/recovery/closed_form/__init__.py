"""The question in exact form, on SymPy expressions: energies and metrics in closed form."""
