"""The systems of the sources, and the classics."""
