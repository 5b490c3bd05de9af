"""`thalweg list`: what is built in."""

from thalweg.cli.parse.options import JsonOption
from thalweg.cli.session import session
from thalweg.models.registry import ENTRIES, GROUPS
from thalweg.studies.registry import ENTRIES as STUDIES


def list_systems(as_json: JsonOption = False) -> None:
    """List the built-in systems, with their numbers of coordinates, and the studies."""
    with session(as_json=as_json) as current:
        systems = [
            {
                "name": entry.name,
                "rule": entry.tags[0],
                "dimension": entry.dimension,
                "group": entry.group,
                "summary": entry.summary,
                "tags": list(entry.tags[1:]),
            }
            for entry in ENTRIES
        ]
        studies = [{"name": study.name, "summary": study.summary} for study in STUDIES]
        text = "\n\n".join([*map(_group, GROUPS), _studies()])
        current.finish({"schema": 1, "systems": systems, "studies": studies}, text)


_WIDTH = max(len(entry.name) for entry in (*ENTRIES, *STUDIES))


def _group(group: str) -> str:
    lines = [
        f"{entry.name:{_WIDTH}}  {entry.tags[0]:4} {entry.dimension}  {entry.summary}"
        for entry in ENTRIES
        if entry.group == group
    ]
    return "\n".join([group.upper(), *lines])


def _studies() -> str:
    lines = [f"{study.name:{_WIDTH}}  study   {study.summary}" for study in STUDIES]
    return "\n".join(["STUDIES", *lines])
