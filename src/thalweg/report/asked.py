"""The parts that all pages of systems share: their subject, and how they were made."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.core.reports import About
from thalweg.report import captions
from thalweg.report.page import Block, Code, Facts, Text


def asked(about: About, parameters: Mapping[str, Any], seed: int, **more: str) -> Facts:
    """The system, its state, its parameters, where it is asked about, and the seed.

    Arguments:
        about: what a result is of.
        parameters: their values, by name.
        seed: of everything random.
        more: words with what is to be said of each.
    """
    names = about.names
    many = f" and {len(names) - 6} more" if len(names) > 6 else ""
    pairs = [
        ("System", about.system),
        ("Rule", f"{about.rule_kind} of {captions.counted(len(names), 'coordinate')}"),
        ("State", ", ".join(names[:6]) + many),
        *((name, _shown(value)) for name, value in parameters.items()),
        *([] if about.domain is None else [("Searched", about.domain.words)]),
        *more.items(),
        ("Seed", str(seed)),
    ]
    return Facts(pairs)


def _shown(value: Any) -> str:
    """A parameter in a few characters."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= 160 else f"array of shape {np.shape(value)}"


def made(command: str, versions: Mapping[str, str] | None) -> list[Block]:
    """The command that made a page, and the versions of what computed it."""
    blocks: list[Block] = [Code(command)] if command else []
    if versions:
        blocks.append(Text(", ".join(f"{name} {v}" for name, v in versions.items()) + "."))
    return [*blocks, Text("The numbers are in result.json beside this page, the figures as SVG.")]
