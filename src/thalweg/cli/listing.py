"""`thalweg list`: what is built in."""

from thalweg.cli.options import JsonOption
from thalweg.cli.session import session
from thalweg.models.registry import ENTRIES


def list_systems(as_json: JsonOption = False) -> None:
    """List the built-in systems, one a line."""
    with session(as_json=as_json) as current:
        width = max(len(entry.name) for entry in ENTRIES)
        lines = [f"{entry.name:{width}}  {entry.tags[0]:4}  {entry.summary}" for entry in ENTRIES]
        systems = [
            {"name": e.name, "rule": e.tags[0], "summary": e.summary, "tags": list(e.tags[1:])}
            for e in ENTRIES
        ]
        current.finish({"schema": 1, "systems": systems}, "\n".join(lines))
