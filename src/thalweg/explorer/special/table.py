"""The special pages by name."""

import importlib

from thalweg.explorer.special.subject import Subject

# Name → module of this folder.
SUBJECTS = {
    "normalization": "normalization",
    "deep-linear-modes": "modes",
    "hopfield-retrieval": "retrieval",
}


def read_subject(name: str) -> Subject:
    """The subject of that name, one of `SUBJECTS`."""
    return importlib.import_module(f"thalweg.explorer.special.{SUBJECTS[name]}").subject()
