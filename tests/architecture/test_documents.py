"""What the documents say is true: their Python runs and draws what they show; CI runs the rest."""

import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import settings
from tests.architecture.house import ROOT
from tests.architecture.site_tool import load_tool

import thalweg

_COMMANDS = (
    "python3 -m pip install uv && python3 -m uv run thalweg analyze fitzhugh-nagumo",
    "python3 -m pip install uv && python3 -m uv run --group test pytest -n auto",
)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def documents() -> list[str]:
    paths = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(p.relative_to(ROOT)) for p in paths if blocks(p.read_text("utf-8"), "python")]


def test_the_readme_has_python_to_run():
    assert "README.md" in documents()


@pytest.mark.long
@pytest.mark.parametrize("name", documents())
def test_python_blocks_run(name, tmp_path):
    """All blocks of a document are one program, run as a user would, away from the repository."""
    path = tmp_path / "document.py"
    path.write_text("\n".join(blocks((ROOT / name).read_text("utf-8"), "python")), "utf-8")
    environment = {**os.environ, "PYTHONWARNINGS": "error::DeprecationWarning:__main__"}
    done = subprocess.run(
        [sys.executable, path.name], cwd=tmp_path, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    shown = re.findall(r"\(figures/([\w.-]+)\)", (ROOT / name).read_text("utf-8"))
    assert set(shown) <= {file.name for file in tmp_path.iterdir()}


@pytest.mark.long
def test_examples_each_draw_their_figure(tmp_path):
    tool = load_tool()
    tool.run_examples(tool.examples(), tmp_path)
    drawn = {f"{example.stem}.svg" for example in tool.examples()}
    assert len(drawn) >= 8
    assert {path.name for path in tmp_path.iterdir()} == drawn


@pytest.mark.long
def test_notebooks_run_and_show_what_they_find(tmp_path):
    tool = load_tool()
    tool.write_notebooks(tmp_path, is_draft=False)
    notebooks = sorted(path.stem for path in (ROOT / "examples").glob("*.ipynb"))
    assert len(notebooks) >= 2
    for name in notebooks:
        page = (tmp_path / f"{name}.md").read_text("utf-8")
        assert "<table" in page
        assert f"]({name}-" in page  # a figure
        assert (tmp_path / f"{name}.ipynb").is_file()


def test_notebooks_are_kept_without_what_their_cells_showed():
    for path in (ROOT / "examples").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        assert all(not cell.get("outputs") for cell in cells)


def test_ci_runs_the_test_command_of_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    lines = [line.strip() for block in blocks(readme, "(?:sh|bash)") for line in block.splitlines()]
    for command in _COMMANDS:
        assert command in lines
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert f"    {_COMMANDS[1]}\n" in script


def test_ci_runs_what_the_test_command_leaves_out():
    """The long tests, and each property with its full budget, compiled as by users."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    command = "python3 -m uv run --group test pytest -n auto -m"
    assert f"\n{command} long\n" in script
    assert f'\nexport XLA_FLAGS=""\n{command} hypothesis --hypothesis-profile=full\n' in script
    default = settings.get_profile("thalweg").max_examples
    assert settings.get_profile("full").max_examples > default


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"\nversion: {thalweg.__version__}\n" in citation
    assert f'\nversion = "{thalweg.__version__}"\n' in project
    front = (ROOT / "docs" / "index.md").read_text("utf-8")
    assert f"version = {{{thalweg.__version__}}}" in front
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == thalweg.__version__
    title = re.search(r'^title: "(.*)"$', citation, flags=re.MULTILINE)
    assert title is not None
    assert f"title = {{{title[1]}}}" in front
    assert "Unreleased" in (ROOT / "CHANGELOG.md").read_text("utf-8")
