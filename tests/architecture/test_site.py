"""The site: its navigation has every page, and its reference every public name."""

import importlib
import inspect
import re
import tomllib

from tests.architecture.house import ROOT
from tests.architecture.site_tool import load_tool

import thalweg
from thalweg.core.reports import Report


def test_the_reference_has_every_public_name_once(tmp_path):
    tool = load_tool()
    titles = tool.write_reference(tmp_path / "reference")
    pages = {file: (tmp_path / "reference" / file).read_text("utf-8") for file in titles}
    places = r"^::: (\S+)$(?:\n +options:\n +heading: (\S+)$)?"
    found = [pair for text in pages.values() for pair in re.findall(places, text, re.M)]
    shown = [heading or name for name, heading in found]
    # A verb in a module of its name is told by its whole path: not the module is shown.
    assert ("thalweg.analysis.linearize.linearize", "thalweg.linearize") in found
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


def test_the_reference_has_verbs_first_and_results_last():
    tool = load_tool()
    for members in tool.public_names().values():
        places = []
        for name in members:
            value = tool.value_of(name)
            is_result = inspect.isclass(value) and issubclass(value, Report)
            places.append(0 if not inspect.isclass(value) else 2 if is_result else 1)
        assert places == sorted(places), members
    found = tool.public_names()["thalweg.analysis"]
    assert found.index("thalweg.find_equilibria") < found.index("thalweg.Equilibria")


def test_the_gallery_shows_every_example_with_its_program():
    tool = load_tool()
    text = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    page = tool.with_examples(text)
    for example in tool.examples():
        assert f"{{ #{example.stem} }}" in page
        assert f"(gallery/{example.stem}.svg)" in page
        assert example.read_text("utf-8").strip() in page
    assert "../examples/" not in page
    front = (ROOT / "docs" / "index.md").read_text("utf-8")
    opened = re.findall(r"\(gallery/(\w+)\.svg\)\]\(gallery\.md#(\w+)\)", front)
    assert sorted(opened) == [(example.stem, example.stem) for example in tool.examples()]


def test_equations_are_mathml_that_needs_no_network():
    tool = load_tool()
    page = tool.with_equations("Before.\n\n$$\nx^2\n$$\n\nWith $`y_1`$ and $5.\n")
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in page
    assert "<msub><mi>y</mi><mn>1</mn></msub>" in page
    assert "$$" not in page
    assert "$5." in page
    # At the beginning of a line, too, where Markdown makes a block of `<math>`.
    assert "\n<span><math" in tool.with_equations("The law\n$`e^{-E}`$ of an energy.\n")


def test_a_long_equation_has_rows():
    page = load_tool().with_equations("$$\na = b, \\\\\nc = d\n$$\n")
    assert page.count("<math") == 2
    assert "newline" not in page


def test_no_page_shows_a_power_as_it_is_typed():
    # What is code may: `x^2` elsewhere is an equation, $`x^2`$.
    code = r"^```.*?^```$|^ {4}.*$|^\$\$.*?^\$\$$|`[^`\n]*`"
    for page in (ROOT / "docs").glob("*.md"):
        text = re.sub(code, "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        assert not re.findall(r".*\S\^.*", text), page.name


def test_a_number_and_its_unit_are_on_one_line():
    text = "12 ms, 3 % of 4 models\n0.5 ± 0.1 s `5 s`\n\n    6 s\n\n```sh\n7 s\n```\n8 s\n"
    shown = load_tool().with_units(text)
    assert shown == text.replace("12 ms", "12\u00a0ms").replace("3 %", "3\u00a0%").replace(
        "0.5 ± 0.1 s", "0.5\u00a0±\u00a00.1\u00a0s"
    ).replace("8 s", "8\u00a0s")
    shown = load_tool().with_units("as T → 0 or β\n< 0 > x y = x `T = 1` <i>dE/dt = 1</i>\n")
    whole = "<i>dE/dt\u00a0=\u00a01</i>"
    assert shown == f"as T\u00a0→\u00a00 or β\u00a0<\u00a00 > x y = x `T = 1` {whole}\n"


def test_powers_of_docstrings_are_raised_but_not_in_code():
    page = "<p>e^{−x/T} of <b>z_{i+1}</b>, <code>a^{b}</code></p><pre>c_{d}</pre><img alt='e^{x}'>"
    raised = "<p>e<sup>−x/T</sup> of <b>z<sub>i+1</sub></b>, <code>a^{b}</code></p>"
    assert load_tool().with_raised(page) == f"{raised}<pre>c_{{d}}</pre><img alt='e^{{x}}'>"
    page = "<p>R^n, 2^10, Σ_i x_ij of state_names, x_min and <code>y_1</code></p>"
    raised = "<p>R<sup>n</sup>, 2<sup>10</sup>, Σ<sub>i</sub> x<sub>ij</sub> of state_names"
    assert load_tool().with_raised(page) == f"{raised}, x_min and <code>y_1</code></p>"


def test_letters_of_norms_and_of_least_values_are_lowered():
    page = "<p>‖x‖_p², |Φ|_F, c̃_i, min_k E_k of num_starts and x_min</p>"
    shown = "‖x‖<sub>p</sub>², |Φ|<sub>F</sub>, c̃<sub>i</sub>, min<sub>k</sub> E<sub>k</sub>"
    assert load_tool().with_raised(page) == f"<p>{shown} of num_starts and x_min</p>"


def test_no_line_of_the_reference_begins_with_a_bracket():
    page = "(<code>int</code>, default:\n  <code>4</code>\n)\n – how many"
    shown = "(<code>int</code>, default:\n  <code>4</code>)\n – how many"
    assert load_tool().with_closed_brackets(page) == shown


def test_an_address_that_is_none_leads_on():
    shown = load_tool().with_a_way_on("<main><h1>404 - Not found</h1></main>")
    assert "The menu and the search lead to all there are." in shown
    assert load_tool().with_a_way_on("<h1>Else</h1>") == "<h1>Else</h1>"


def test_options_numbers_and_sizes_are_not_broken():
    page = "<title>--a</title><p>Give <code>x --dry-run y</code> - or -- not</p><pre>--b</pre>"
    whole = '<code>x <span style="white-space:nowrap">--dry-run</span> y</code>'
    with_whole = load_tool().with_whole_words
    assert with_whole(page) == page.replace("<code>x --dry-run y</code>", whole)
    page = "<p>c₃|∇E|²∇E, 1e-6, 1/φ and/or (|x| + 2e-3). 21/2 8-6-4 4-d <a href='1/x'>a | b</a></p>"
    shown = page
    for word in ("c₃|∇E|²∇E,", "1e-6", "1/φ", "(|x|", "2e-3", "8-6-4"):
        shown = shown.replace(word, f'<span style="white-space:nowrap">{word}</span>')
    assert with_whole(page) == shown


def test_a_prime_is_of_full_size():
    page = load_tool().with_equations("$`x' = f`$ and\n\n$$\ny' = x^2\n$$\n")
    assert page.count('<mo lspace="0" rspace="0">&#x02032;</mo>') == 2
    assert page.count("<msup>") == 1


def test_every_page_is_in_the_navigation_once():
    text = load_tool().configuration({"x.md": "X"}).replace("reference/x.md", "")
    assert not re.search(r"^  - .*:\n  - ", text, re.M)  # no empty section
    found = re.findall(r"^ +- (?:.*: )?(\S+\.md)$", text, re.M)
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    pages += [f"notebooks/{path.stem}.md" for path in (ROOT / "examples").glob("*.ipynb")]
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


def test_headings_of_the_reference_break_between_words():
    heading = (
        '<h2 id="x" class="doc doc-heading">\n <span class="doc doc-object-name doc-f">{}</span>'
    )
    broken = load_tool().with_breaks(heading.format("thalweg.find_basinsOf"))
    assert "thalweg.<wbr>find_<wbr>basins<wbr>Of</span>" in broken
    plain = '<h2 id="x" class="doc doc-heading">\n thalweg.linearize\n'
    assert '<span class="doc doc-object-name">thalweg.<wbr>linearize</span>' in (
        load_tool().with_breaks(plain)
    )


def test_a_function_beside_a_module_of_its_name_is_told_by_its_path():
    """`normalization.grating` is not the module `normalization/grating.py`."""
    tool = load_tool()
    tool.public_names()  # imports the families of models, as a build does
    said = tool.directive("thalweg.models.normalization.grating")
    assert said.startswith("::: thalweg.models.normalization.")
    assert "heading: thalweg.models.normalization.grating" in said
