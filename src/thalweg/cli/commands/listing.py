"""`thalweg list`: what is built in."""

from thalweg.cli.parse.options import JsonOption
from thalweg.cli.session import session
from thalweg.models.registry import ENTRIES
from thalweg.studies.registry import ENTRIES as STUDIES


def list_systems(as_json: JsonOption = False) -> None:
    """List the built-in systems and studies, one a line."""
    with session(as_json=as_json) as current:
        width = max(len(entry.name) for entry in (*ENTRIES, *STUDIES))
        lines = [f"{entry.name:{width}}  {entry.tags[0]:5}  {entry.summary}" for entry in ENTRIES]
        lines += [f"{study.name:{width}}  study  {study.summary}" for study in STUDIES]
        systems = [
            {"name": e.name, "rule": e.tags[0], "summary": e.summary, "tags": list(e.tags[1:])}
            for e in ENTRIES
        ]
        studies = [{"name": study.name, "summary": study.summary} for study in STUDIES]
        current.finish({"schema": 1, "systems": systems, "studies": studies}, "\n".join(lines))
