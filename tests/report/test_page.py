"""Pages: one file that needs nothing else, whatever is on them."""

import base64
import re
from html.parser import HTMLParser
from importlib import resources

import numpy as np
import pytest
from matplotlib.figure import Figure

import thalweg as tw
from thalweg.report import (
    Code,
    Facts,
    Page,
    Picture,
    Points,
    Section,
    Table,
    Text,
    picture,
)
from thalweg.report.themes import themed

_VOID = {"meta", "img", "br", "link"}


class Tags(HTMLParser):
    """The tags of a page, which must close in order, and everything it refers to."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(page):
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags


def drawn(name="wave"):
    axes = Figure(figsize=(2, 2)).add_subplot()
    axes.plot([0, 1], [1, 0])
    return picture(axes, name, "A line that falls.", "a line")


@pytest.fixture(scope="module")
def page():
    return Page(
        "A < B & C",
        "It's $1 & more.",
        [
            Section("Words", [Text("first\nsecond"), Points(["<script>alert(1)</script>"])]),
            Section(
                "Numbers",
                [Table(["a", "b"], [["1", "<2>"]], "rows"), Facts([("x", "$y"), ("p<q", "<u>")])],
            ),
            Section("Pictures", [drawn(), Code("thalweg analyze 'x y'")]),
        ],
    )


def test_a_page_is_well_formed_and_refers_to_nothing_outside(page):
    text = page.to_html()
    tags = read(text)
    assert text.startswith("<!doctype html>")
    assert all(link.startswith("data:image/svg+xml;base64,") for link in tags.links)
    assert len(tags.links) == 1
    assert "script" not in tags.seen
    assert not re.search(r"url\(|@import", text)
    for word in ("prefers-color-scheme: dark", "@media print", "width=device-width"):
        assert word in text


def test_what_is_written_is_what_is_shown(page):
    text = page.to_html()
    for word in ("A &lt; B &amp; C", "It&#x27;s $1 &amp; more.", "first<br>second", "&lt;2&gt;"):
        assert word in text
    assert "<dt>x</dt><dd>$y</dd><dt>p&lt;q</dt><dd>&lt;u&gt;</dd>" in text
    assert "$style" not in text


def test_options_of_commands_are_not_broken():
    whole = '<span style="white-space:nowrap">--grid</span>'
    assert Code("thalweg basins --grid 9").to_html() == (
        f"<pre><code>thalweg basins {whole} 9</code></pre>"
    )


def test_formulas_break_between_factors_and_names_of_a_table_between_words():
    shown = Code("E = one_name*exp(other*x**2)").to_html()
    assert shown == "<pre><code>E = one_name*<wbr>exp(<wbr>other*<wbr>x**2)</code></pre>"
    cells = Table(["variable", "m_i"], [["number_of_equilibria", "m_i(x_i)"]]).to_html()
    assert "<td>number_<wbr>of_<wbr>equilibria</td><td>m_i(x_i)</td>" in cells


def test_the_files_are_the_figures_and_the_page(page):
    files = page.files()
    assert list(files) == ["wave.svg", "report.html"]
    inside = base64.b64encode(themed(files["wave.svg"].decode()).encode())
    assert inside in files["report.html"]
    assert files["wave.svg"].startswith(b"<?xml")
    assert drawn().svg == files["wave.svg"]  # the same drawing, the same file


def test_two_figures_of_one_name_are_refused():
    section = Section("Twice", [drawn("same"), drawn("same")])
    with pytest.raises(tw.InputError, match="same"):
        Page("Twice", "", [section]).files()


def test_the_template_and_the_style_belong_to_the_package():
    folder = resources.files("thalweg.report")
    assert folder.joinpath("page.html").is_file()
    assert folder.joinpath("page.css").is_file()


def test_results_show_themselves_in_a_notebook():
    rule = tw.models.CurieWeiss()
    equilibria = tw.find_equilibria(rule)
    run = tw.simulate(rule, np.asarray(0.1), duration=1.0)
    cycles = tw.find_cycles(rule, equilibria=equilibria, gradient=True)
    verdict = tw.recover_energy(rule, equilibria=equilibria, thorough=False)
    for result, words in [
        (equilibria, ["3 equilibria of CurieWeiss", "<td>sink</td>", "0.9575"]),
        (cycles, ["No cycles of CurieWeiss"]),
        (run, ["Trajectory of CurieWeiss", "last state"]),
        (verdict, ["Energy of CurieWeiss (flow): euclidean", "<td>yes</td>", "Jᵀ"]),
    ]:
        text = result._repr_html_()
        read(text)
        for word in words:
            assert word in text


def test_a_picture_without_a_drawing_still_is_a_block():
    assert 'alt="&lt;a&gt;"' in Picture("x", b"<svg/>", "c", "<a>").to_html()
