"""Results as JSON: NaN and infinities are null plus a warning, rows of numbers stay on a line."""

import json
import math
from collections.abc import Mapping
from typing import Any

_ROW = 100  # characters, as of the lines of the code: a screen, or a column of a diff


def clean(result: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-ready data: arrays as lists, numbers that are not finite as null.

    Where anything became null, a sentence that says so is added to `warnings`.
    """
    lost: list[str] = []
    cleaned = _clean(dict(result), "", lost)
    if lost:
        shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
        warning = f"Not finite, written as null: {shown}."
        cleaned["warnings"] = [*cleaned.get("warnings", []), warning]
    return cleaned


def _clean(value: Any, path: str, lost: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            str(k): _clean(v, f"{path}.{k}" if path else str(k), lost) for k, v in value.items()
        }
    if hasattr(value, "tolist"):  # NumPy's arrays and scalars, without importing NumPy
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_clean(item, f"{path}[{index}]", lost) for index, item in enumerate(value)]
    if isinstance(value, complex):
        return _clean([value.real, value.imag], path, lost)
    if isinstance(value, float) and not math.isfinite(value):
        lost.append(f"{path} ({value})")
        return None
    return value


def to_text(value: Any, indent: int = 0) -> str:
    """JSON text, indented by two; what fits on a line is on a line, and rows of numbers fill it."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    fits = len(flat) + indent <= _ROW
    if not isinstance(value, dict | list) or not value or (indent and fits):
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        keys = [json.dumps(str(key), ensure_ascii=False) for key in value]
        items = [to_text(item, inner) for item in value.values()]
        parts = [f"{key}: {item}" for key, item in zip(keys, items, strict=True)]
    else:
        parts = [to_text(item, inner) for item in value]
    is_row = isinstance(value, list) and not any(isinstance(x, dict | list | str) for x in value)
    lines = _filled(parts, _ROW - inner) if is_row else parts
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    space = "\n" + " " * inner
    return f"{opening}{space}{f',{space}'.join(lines)}\n{' ' * indent}{closing}"


def _filled(parts: list[str], width: int) -> list[str]:
    """Short texts joined by commas into lines of at most `width` (but one text at least)."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 3 <= width:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return lines
