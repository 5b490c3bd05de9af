"""Every package that the project installs is pinned in `pyproject.toml`."""

import tomllib
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from tests.architecture.house import ROOT

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def required(requirements: list[str], extras: tuple[str, ...] = ("",)) -> Iterator[Requirement]:
    """The requirements that apply here."""
    for text in requirements:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement


def installed_by(requirements: list[str]) -> dict[NormalizedName, str]:
    """Name and version of every package that these requirements lead to in this environment."""
    found: dict[NormalizedName, str] = {}
    waiting = list(required(requirements))
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found:
            found[name] = metadata.version(name)
            needs = metadata.requires(name) or []
            waiting += required(needs, ("", *sorted(requirement.extras)))
    return found


def test_every_installed_package_has_its_pinned_version():
    pins = {
        canonicalize_name(pin.name): pin.specifier
        for pin in required(_PROJECT["tool"]["uv"]["constraint-dependencies"])
    }
    wanted = _PROJECT["project"]["dependencies"] + _PROJECT["dependency-groups"]["test"]
    installed = installed_by(wanted)
    assert len(installed) > 30
    assert {
        name: version
        for name, version in installed.items()
        if name not in pins or version not in pins[name]
    } == {}


def test_pins_are_exact_and_requirements_are_lower_bounds():
    uv, project = _PROJECT["tool"]["uv"], _PROJECT["project"]
    for pin in uv["constraint-dependencies"] + uv["build-constraint-dependencies"]:
        assert [clause.operator for clause in Requirement(pin).specifier] == ["=="]
    extras = [text for extra in project["optional-dependencies"].values() for text in extra]
    for text in project["dependencies"] + extras:
        assert [clause.operator for clause in Requirement(text).specifier] == [">="]


def test_the_build_backend_is_pinned():
    pinned = {
        Requirement(pin).name for pin in _PROJECT["tool"]["uv"]["build-constraint-dependencies"]
    }
    built_by = {Requirement(text).name for text in _PROJECT["build-system"]["requires"]}
    assert {canonicalize_name(name) for name in built_by} <= pinned
