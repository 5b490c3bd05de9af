"""The site: its navigation has every page, and its reference every public name."""

import importlib.util
import re
import tomllib

from tests.architecture.house import ROOT

import thalweg


def load_tool():
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "tools" / "build_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_has_every_public_name_once(tmp_path):
    tool = load_tool()
    titles = tool.write_reference(tmp_path / "reference")
    pages = {file: (tmp_path / "reference" / file).read_text("utf-8") for file in titles}
    shown = [name for text in pages.values() for name in re.findall(r"^::: (\S+)$", text, re.M)]
    assert len(shown) == len(set(shown))
    rooms = {name: importlib.import_module(f"thalweg.{name}") for name in thalweg._ROOMS}
    public = {f"thalweg.{name}" for name in thalweg._HOME}
    inner = {id(getattr(thalweg, name)) for name in thalweg._HOME}
    for room, module in rooms.items():
        public |= {
            f"thalweg.{room}.{name}"
            for name in module.__all__
            if id(getattr(module, name)) not in inner
        }
    assert public <= set(shown)
    assert "thalweg.models.deep_linear.ExactLearning" in shown
    for text in pages.values():
        title, about = text.split("\n\n")[:2]
        assert title.startswith("# ")
        assert about.startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        assert "None" not in about
    configuration = tool.configuration(titles)
    assert all(f"reference/{file}" in configuration for file in titles)


def test_every_page_is_in_the_navigation_once():
    text = load_tool().configuration({"x.md": "X"}).replace("reference/x.md", "")
    assert not re.search(r"^  - .*:\n  - ", text, re.M)  # no empty section
    found = re.findall(r"^ +- (?:.*: )?(\S+\.md)$", text, re.M)
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(found) == sorted(pages)
    assert found[0] == "index.md"


def test_links_between_pages_lead_somewhere():
    links = [
        (page.name, target)
        for page in (ROOT / "docs").rglob("*.md")
        for target in re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).is_file()
    ]
    assert links == []


def test_the_site_is_built_by_what_the_project_pins():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    assert any(text.startswith("zensical") for text in groups["docs"])
    command = "python tools/build_site.py"
    assert command in (ROOT / ".ci" / "run").read_text("utf-8")
    assert command in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
