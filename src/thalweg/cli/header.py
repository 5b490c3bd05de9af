"""What the results of all commands about a system begin with."""

from typing import Any

from thalweg import __version__
from thalweg.cli.parse.loader import System

SCHEMA = 1


def header(system: System, dimension: int) -> dict[str, Any]:
    """`schema`, `version`, `system`, `parameters`, `rule` and `dimension`."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "system": system.name,
        "parameters": system.parameters,
        "rule": system.rule.rule_kind,
        "dimension": dimension,
    }
