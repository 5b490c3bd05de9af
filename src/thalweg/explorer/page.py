"""The page: one HTML file that computes by itself."""

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from importlib import resources
from string import Template
from typing import Any

from thalweg.core.jsontext import clean
from thalweg.explorer.bundle import core_script, page_script, special_script
from thalweg.explorer.source import Source
from thalweg.explorer.special.subject import Subject
from thalweg.explorer.system import PlanarSystem

_MARKS = (
    "Circle: a sink. Circle with a dot: a source or a center. Diamond: a saddle. Square: "
    "non-hyperbolic. Full marks: a complete search by Python has found them. Hollow marks: seen "
    "by a grid of 97 × 97 nodes and polished by Newton’s method; two equilibria within a "
    "cell, or where nullclines touch, can be missed. Nullclines: full line where the first "
    "coordinate does not change, dashed the second. Separatrices, dotted: green into saddles, "
    "pink out of them; those of a map are grown from their own images, inverse ones for the "
    "green, as far as these exist and over at most 40 widths of the view. Thick pink: closed "
    "orbits of a flow, dashed where they repel, found by turns about states of rest but saddles, "
    "from 14 starts along an axis; two between the same starts, one inside the first, or one round "
    "a cylinder, can be missed. Runs: full line forwards, dashed backwards; classical Runge–Kutta "
    "steps checked by halving."
)
_HOW_FLOW = (
    "Click to launch a run, Shift-click to launch one backwards, drag to pan, pinch to zoom. "
    "Keys: arrows move a cross, Enter launches (Shift: backwards), + − 0 zoom, Delete takes "
    "the last run back."
)
_HOW_MAP = (
    "Click to launch an orbit, drag to pan, pinch to zoom. Keys: arrows move a cross, Enter "
    "launches, + − 0 zoom, Delete takes the last orbit back."
)
_MADE = "Made by thalweg. This file computes by itself and asks no network."
_ALONE = (
    "Made by thalweg. This file computes by itself and asks no network; complete searches and "
    "new bifurcation diagrams need the command thalweg explore."
)


def page_html(
    system: PlanarSystem,
    *,
    source: Source | None = None,
    equilibria: list[list[float]] | None = None,
    diagrams: Mapping[str, Any] | None = None,
    served: str | None = None,
) -> str:
    """The page of a system as one HTML file.

    Arguments:
        system: what it shows.
        source: how a script makes the system again.
        equilibria: those of a complete search, for the values and the region to begin with.
        diagrams: bifurcation diagrams for the other values to begin with, by the parameter.
        served: the token by which the page may ask the Python that serves it; None for a file.
    """
    data = system.to_dict() | {
        "source": None if source is None else source.to_dict(),
        "equilibria": None if equilibria is None else [_point(state) for state in equilibria],
        "diagrams": dict(diagrams or {}),
        "served": served,
    }
    core, page = core_script(system.code(), script_json(data)), page_script()
    style = _shipped("page.css")
    is_flow = system.problem.rule.has_continuous_time
    axes = " and ".join(system.axes)
    place = "plane" if len(system.axes) > 1 else "line"
    return Template(_shipped("page.html")).substitute(
        policy=_policy(style, core, page, asks="'none'" if served is None else "'self'"),
        style=style,
        core=core,
        page=page,
        title=escape(system.name),
        lead=escape(f"A {system.problem.rule.rule_kind} of the {place}: {axes}."),
        portrait=escape(f"Portrait of {system.name}"),
        how=escape(_HOW_FLOW if is_flow else _HOW_MAP),
        marks=escape(_MARKS),
        rests=escape(system.problem.rule.words.rests.capitalize()),
        axes=escape(axes),
        energy=escape(system.energy_note),
        footer=escape(_footer(system, served)),
    )


def special_html(subject: Subject) -> str:
    """A special page as one HTML file."""
    script = special_script(subject.module, script_json(subject.to_dict()))
    style = _shipped("page.css")
    return Template(_shipped("special.html")).substitute(
        policy=_policy(style, script),
        style=style,
        script=script,
        title=escape(subject.title),
        lead=escape(subject.lead),
        stage=escape(subject.stage),
        how=escape(subject.how),
        footer=escape(_MADE),
    )


def _shipped(name: str) -> str:
    """A file of the page as it is shipped."""
    return resources.files("thalweg.explorer").joinpath("browser", name).read_text("utf-8")


def _policy(style: str, *scripts: str, asks: str = "'none'") -> str:
    """A content policy that lets these run and no other; no text becomes code."""
    known = " ".join(map(_hashed, scripts))
    return (
        f"default-src 'none'; script-src {known}; style-src {_hashed(style)}; img-src data: blob:; "
        f"worker-src blob:; connect-src {asks}; base-uri 'none'; form-action 'none'"
    )


def _point(state: list[float]) -> dict[str, float]:
    return {"u": state[0], "v": state[1] if len(state) > 1 else 0.0}


def _footer(system: PlanarSystem, served: str | None) -> str:
    if system.reason:
        return f"Made by thalweg. Python samples the field, because {system.reason}."
    if served is None:
        return _ALONE
    return "Made by thalweg, which checks equilibria and follows branches while its command runs."


def script_json(data: Mapping[str, Any]) -> str:
    """JSON that no text in it can end, wherever a script holds it; what is not finite is null."""
    text = json.dumps(clean(data), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hashed(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
