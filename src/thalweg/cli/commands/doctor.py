"""`thalweg doctor`: what this installation can do."""

import os
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from thalweg.cli.parse.options import JsonOption
from thalweg.cli.session import session
from thalweg.cli.startup import cache_folder
from thalweg.cli.versions import version_of, versions
from thalweg.core.extras import how_to_add


def doctor(as_json: JsonOption = False) -> None:
    """Show devices, precision, cache, extras and versions."""
    with session(as_json=as_json) as current:
        found = {
            "schema": 1,
            "devices": _devices(),
            "precision": _precision(),
            "cache": _cache(),
            "extras": _extras(),
            "versions": versions(),
            "warnings": [],
        }
        if not found["cache"]["writable"]:
            found["warnings"].append(
                f"Compiled programs are not kept ({found['cache']['folder']} cannot be written), "
                f"so every run compiles anew. Set XDG_CACHE_HOME to a folder that can be."
            )
        if not found["precision"]["float64"]:
            found["warnings"].append("This device has no float64; analysis needs it.")
        current.finish(found, _as_text(found))


def _devices() -> list[dict[str, Any]]:
    import jax

    return [{"platform": d.platform, "kind": d.device_kind, "id": d.id} for d in jax.devices()]


def _precision() -> dict[str, Any]:
    """A row on float64: True in analysis, and the dtype of a plain array of the caller."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    with jax.enable_x64(True):
        third = jnp.asarray(np.float64(1.0) / 3.0)
        has_float64 = bool(np.asarray(third + 1.0) == np.float64(4.0) / 3.0)
    return {"float64": has_float64, "default": str(jnp.zeros(()).dtype)}


def _cache() -> dict[str, Any]:
    folder = Path(os.environ.get("JAX_COMPILATION_CACHE_DIR", cache_folder()))
    entries = list(folder.glob("*-cache")) if folder.is_dir() else []
    size = sum(entry.stat().st_size for entry in entries)
    return {
        "folder": str(folder),
        "writable": folder.is_dir() and os.access(folder, os.W_OK),
        "programs": len(entries),
        "megabytes": round(size / 1e6, 1),
    }


def _extras() -> dict[str, bool]:
    """Every extra of the package, and whether all it asks for is installed."""
    needs: dict[str, list[str]] = {
        name: [] for name in metadata.metadata("thalweg").get_all("Provides-Extra") or ()
    }
    for requirement in metadata.requires("thalweg") or ():
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", requirement)
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if extra and name:
            needs.setdefault(extra.group(1), []).append(name.group())
    return {extra: all(map(version_of, names)) for extra, names in sorted(needs.items())}


def _as_text(found: dict[str, Any]) -> str:
    from thalweg.core.tables import counted  # which imports JAX

    devices = ", ".join(f"{d['platform']}:{d['id']} ({d['kind']})" for d in found["devices"])
    precision, cache = found["precision"], found["cache"]
    state = "writable" if cache["writable"] else "not writable"
    rows = [
        ("devices", devices),
        ("precision", f"analysis float64 {'yes' if precision['float64'] else 'NO'}; "
                      f"your arrays default to {precision['default']}"),
        ("cache", f"{cache['folder']} ({state}, {counted(cache['programs'], 'program')}, "
                  f"{cache['megabytes']} MB)"),
    ]  # fmt: skip
    rows += [
        (f"[{extra}]", "installed" if has else f"missing: {how_to_add(extra)}")
        for extra, has in found["extras"].items()
    ]
    rows += [(name, version or "missing") for name, version in found["versions"].items()]
    width = max(len(name) for name, _ in rows)
    notes = [f"Note: {warning}" for warning in found["warnings"]]
    return "\n".join([*(f"{name:{width}}  {value}" for name, value in rows), *notes])
