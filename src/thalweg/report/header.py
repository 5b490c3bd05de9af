"""Head of the JSON of every command about a system."""

from collections.abc import Mapping
from typing import Any

from thalweg import __version__

SCHEMA = 1  # version of the JSON's form, counted up when a key changes its meaning


def header(
    system: str, parameters: Mapping[str, Any], rule_kind: str, dimension: int | None
) -> dict[str, Any]:
    """`schema`, `version`, `system`, `parameters`, `rule` and `dimension` (None: unknown)."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "system": system,
        "parameters": dict(parameters),
        "rule": rule_kind,
        "dimension": dimension,
    }
