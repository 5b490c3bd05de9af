"""How to add an extra: what is said holds for the installation that runs."""

import json
import pathlib
import re
import shlex
import sys
from importlib import metadata

import pytest

import thalweg
from thalweg.core.extras import how_to_add, not_installed


class Package:
    """An installation as `importlib.metadata` describes it."""

    def __init__(self, **files):
        self._files = files

    def read_text(self, name):
        return self._files.get(name.removesuffix(".json").lower())


def editable(folder, installer):
    origin = {"url": folder.as_uri(), "dir_info": {"editable": True}}
    return Package(direct_url=json.dumps(origin), installer=installer)


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "a clone of it"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    "package",
    [
        Package(),  # from an index
        Package(direct_url='{"url": "file:///dist/thalweg.whl", "archive_info": {}}'),
        Package(direct_url='{"url": "file:///thalweg", "dir_info": {}}', installer="uv\n"),
    ],
)
def test_a_package_is_added_to_by_its_name(package, monkeypatch):
    monkeypatch.setattr(metadata, "distribution", lambda name: package)
    assert how_to_add("sweeps") == "pip install 'thalweg[sweeps]'"


def test_without_an_installation_the_package_is_named(monkeypatch):
    def none(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", none)
    assert how_to_add("data") == "pip install 'thalweg[data]'"


def test_the_environment_of_a_clone_is_added_to_by_uv(clone, monkeypatch):
    monkeypatch.setattr(metadata, "distribution", lambda name: editable(clone, "uv\n"))
    monkeypatch.setattr(sys, "prefix", str(clone / ".venv"))
    said = how_to_add("sweeps")
    assert said.startswith("python3 -m uv sync --inexact --extra sweeps (in the clone")


@pytest.mark.parametrize(
    ("installer", "inside"), [("pip\n", True), ("pip\n", False), ("uv", False)]
)
def test_an_editable_installation_elsewhere_is_added_to_by_its_folder(
    installer, inside, clone, monkeypatch
):
    monkeypatch.setattr(metadata, "distribution", lambda name: editable(clone, installer))
    monkeypatch.setattr(sys, "prefix", str(clone / ".venv" if inside else clone.parent / "other"))
    # A shell reads one word: the folder, with its blanks, and the extra.
    assert shlex.split(how_to_add("data")) == ["pip", "install", "-e", f"{clone}[data]"]


def test_the_sentence():
    said = not_installed("A sweep", "zarr", "sweeps")
    assert said == f"A sweep needs zarr, which is not installed: {how_to_add('sweeps')}."


def test_nobody_says_it_otherwise():
    # Every message is made here, where it is right for every installation.
    sources = pathlib.Path(thalweg.__path__[0]).rglob("*.py")
    those = [path for path in sources if re.search(r"pip install|uv sync", path.read_text("utf-8"))]
    assert [path.name for path in those] == ["extras.py"]
