"""A system in words: from its docstring, its fields and what it declares."""

import inspect
import re
import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from thalweg.cli.parse.loader import System
from thalweg.core.declared import declared_domain, declared_energy, declared_labels, declared_start
from thalweg.core.parameters import parameters
from thalweg.core.tables import format_table, wrap
from thalweg.formats import XppModel

_HEADING = re.compile(r"(Arguments|Attributes|Raises|References|Example|Returns):")


class Description(NamedTuple):
    """A system as `show` tells it.

    Attributes:
        name: as it was typed.
        summary: one sentence.
        body: its equations and what they mean; texts keep their lines.
        parameters: name, value and meaning of each.
        facts: pairs of a word and what is to be said of it.
        source: where it comes from; "" where that is not said.
    """

    name: str
    summary: str
    body: str
    parameters: list[tuple[str, Any, str]]
    facts: dict[str, Any]
    source: str

    def data(self) -> dict[str, Any]:
        """The description, JSON-ready."""
        return {
            "system": self.name,
            "summary": self.summary,
            "equations": self.body,
            "parameters": [
                {"name": name, "value": value, "meaning": meaning}
                for name, value, meaning in self.parameters
            ],
            **self.facts,
            "source": self.source,
        }

    def __str__(self) -> str:
        parts = [wrap(f"{self.name}: {self.summary}", later=""), *_paragraphs(self.body)]
        if self.parameters:
            rows = [[name, _short(value), meaning] for name, value, meaning in self.parameters]
            parts.append(format_table(["parameter", "value", "meaning"], rows))
        said = {**self.facts, "source": self.source}
        width = max(len(word) for word in said)
        hanging = " " * (width + 2)
        facts = [(f"{word:{width}}  ", _text(value)) for word, value in said.items() if value]
        parts.append("\n".join(wrap(text, first, hanging) for first, text in facts))
        return "\n\n".join(part for part in parts if part)


def describe(system: System) -> Description:
    """A system described."""
    subject, rule = system.subject, system.rule
    model = getattr(rule, "model", None)
    sections = _sections(inspect.getdoc(type(subject)) or "")
    summary, _, body = sections[""].partition("\n\n")
    if isinstance(model, XppModel):
        body = _equations(model)
    meanings = _arguments(sections.get("Arguments", ""))
    listed = [
        (name, value, meanings.get(name.partition(".")[0], ""))
        for name, value in parameters(subject).items()
    ]
    return Description(
        system.portable_name,
        " ".join(summary.split()),
        body.strip("\n"),
        listed,
        _facts(system),
        " ".join(sections.get("References", "").split()),
    )


def _facts(system: System) -> dict[str, Any]:
    subject, rule = system.subject, system.rule
    domain, names = declared_domain(rule), declared_labels(rule)
    size = len(names) if names else None if domain is None else domain.layout.size
    made_by = type(subject)
    start = declared_start(rule)
    return {
        "rule": rule.rule_kind + (" (descent of this energy)" if subject is not rule else ""),
        "dimension": size,
        "state": list(names or ()),
        "domain": None if domain is None else domain.words,
        "start": None if start is None else np.asarray(start).tolist(),
        "energy": "declared" if declared_energy(rule) is not None else None,
        "class": f"{_home(made_by)}{made_by.__name__}",
    }


def _home(made_by: type) -> str:
    """The public room of a class, or nothing of one that is the user's own."""
    words = made_by.__module__.split(".")
    return f"thalweg.{words[1]}." if words[0] == "thalweg" and words[1] != "formats" else ""


def _equations(model: XppModel) -> str:
    """The lines of a model of XPP as they stand in its file."""
    mark = "{} = {}" if model.kind == "map" else "{}' = {}"
    lines = [
        mark.format(f"{name}(t+1)" if model.kind == "map" else name, rate.text)
        for name, rate in zip(model.coordinates, model.rates, strict=True)
    ]
    lines += [
        f"{model.spellings[name]}({', '.join(formula.spellings)}) = {formula.text}"
        for name, formula in model.functions.items()
    ]
    hidden = {model.spellings[name]: formula for name, formula in model.quantities.items()}
    named = {**hidden, **{f"aux {n}": f for n, f in model.auxiliaries.items()}}
    lines += [f"{name} = {formula.text}" for name, formula in named.items()]
    lines += [f"{model.spellings[name]} = {value:.6g}" for name, value in model.constants.items()]
    return "\n".join([*(f"    {line}" for line in lines), *model.remarks])


def _sections(text: str) -> dict[str, str]:
    """A docstring by its headings, dedented; what belongs to none of them is named ""."""
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for line in text.splitlines():
        if matched := _HEADING.fullmatch(line):
            heading = matched[1]
            found[heading] = []
        elif heading and line and not line.startswith(" "):  # the section is over
            heading = ""
            found[""] += ["", line]
        else:
            found[heading].append(line)
    return {name: textwrap.dedent("\n".join(lines)).strip() for name, lines in found.items()}


def _arguments(text: str) -> Mapping[str, str]:
    """The meanings in an `Arguments` section, by name."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if matched := re.match(r"(\w+): (.*)", line):
            name, found[matched[1]] = matched[1], matched[2]
        elif name:
            found[name] += f" {line.strip()}"
    return found


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, filled anew; those with formulas keep their lines."""
    blocks = re.split(r"\n\s*\n", text.strip("\n"))
    return [
        block if re.search(r"^\s", block, flags=re.M) else wrap(" ".join(block.split()), later="")
        for block in blocks
    ]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= 24 else f"array of shape {np.shape(value)}"


def _text(value: Any) -> str:
    if isinstance(value, list):
        many = f" and {len(value) - 8} more" if len(value) > 8 else ""
        return ", ".join(map(_short, value[:8])) + many
    return str(value)
