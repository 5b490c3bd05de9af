"""Words on how to add an extra, which hold for the installation that runs."""

import json
import shlex
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname


def not_installed(who: str, package: str, extra: str) -> str:
    """The sentence that says that a package of an extra is missing, and how to add it.

    Arguments:
        who: what needs it.
        package: its name, as people write it.
        extra: the extra of thalweg that has it.
    """
    return f"{who} needs {package}, which is not installed: {how_to_add(extra)}."


def how_to_add(extra: str) -> str:
    """The command that adds an extra of thalweg to the environment that runs.

    In the environment that uv keeps for a clone, it is the one of the README. That environment has
    no pip and no uv of its own; to pip, an editable installation elsewhere is the folder itself.

    Arguments:
        extra: its name, such as `"sweeps"`.

    Example:
        >>> from thalweg.core.extras import how_to_add
        >>> "sweeps" in how_to_add("sweeps")
        True
    """
    clone, is_of_uv = _installation()
    if clone is None:
        return f"pip install 'thalweg[{extra}]'"
    if is_of_uv and Path(sys.prefix).resolve().parent == clone:
        command = f"python3 -m uv sync --inexact --extra {extra}"
        return f"{command} (in the clone, outside its environment)"
    return f"pip install -e {shlex.quote(f'{clone}[{extra}]')}"


def _installation() -> tuple[Path | None, bool]:
    """The folder of an editable installation, or None; whether uv installed it."""
    try:
        package = metadata.distribution("thalweg")
    except metadata.PackageNotFoundError:
        return None, False
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return None, False
    clone = Path(url2pathname(urlparse(origin["url"]).path)).resolve()
    return clone, (package.read_text("INSTALLER") or "").strip() == "uv"
