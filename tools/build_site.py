"""Build the site of the documentation.

    python tools/build_site.py [--draft]

Copies `docs/` to `build/site/`, runs each page's Python there (which draws its figures), the
examples and the notebooks, gives drawings a dark side, turns equations into MathML, writes a
reference page for every public module, and builds all of it with Zensical into `site/`. A broken
link, a docstring that cannot be read or code that fails stops it. `--draft` runs no code and leaves
the figures blank: quick, and enough where the tests have run the code.
"""

import importlib
import importlib.util
import inspect
import os
import pathlib
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_BUILD = _ROOT / "build" / "site"
_BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
_TITLES = {
    "thalweg.analysis": "Analysis",
    "thalweg.core": "Domains, results, errors",
    "thalweg.data": "Data",
    "thalweg.dynamics": "Rules",
    "thalweg.energies": "Energies",
    "thalweg.explorer": "Pages that move",
    "thalweg.geometry": "Geometries",
    "thalweg.models": "Built-in systems",
    "thalweg.plot": "Figures",
    "thalweg.recovery": "Energy recovery",
    "thalweg.report": "Reports",
    "thalweg.simulation": "Simulation",
    "thalweg.sweeps": "Sweeps",
}


def main() -> None:
    """Build, or say what is wrong and exit."""
    pages, figures = _BUILD / "docs", _BUILD / "docs" / "figures"
    gallery, notebooks = pages / "gallery", pages / "notebooks"
    is_draft = "--draft" in sys.argv
    shutil.rmtree(_BUILD, ignore_errors=True)
    shutil.copytree(_ROOT / "docs", pages)
    for folder in (figures, gallery, notebooks):
        folder.mkdir()
    for page in sorted(pages.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if is_draft:
            for name in figures_of(text):
                (figures / name).write_text(_BLANK, encoding="utf-8")
        else:
            run_page(page.name, text, figures)
        page.write_text(with_units(with_equations(with_examples(text))), encoding="utf-8")
    for example in examples() if is_draft else []:
        (gallery / f"{example.stem}.svg").write_text(_BLANK, encoding="utf-8")
    if not is_draft:
        run_examples(examples(), gallery)
    write_notebooks(notebooks, is_draft)
    for drawing in pages.rglob("*.svg"):
        follow_the_reader(drawing)
    titles = write_reference(pages / "reference")
    (_BUILD / "mkdocs.yml").write_text(configuration(titles), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=_BUILD, text=True, stdout=-1, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(done.stdout)
    for page in (_BUILD / "site").rglob("*.html"):
        html = with_a_way_on(with_whole_words(page.read_text(encoding="utf-8")))
        if "reference" in page.parts:
            html = with_closed_brackets(with_raised(with_breaks(html)))
        page.write_text(html, encoding="utf-8")
    shutil.rmtree(_ROOT / "site", ignore_errors=True)
    (_BUILD / "site").rename(_ROOT / "site")
    print(f"site/index.html, {len(list((_ROOT / 'site').rglob('*.html')))} pages")


def figures_of(text: str) -> list[str]:
    """The names of the figures that a page shows."""
    return re.findall(r"\(figures/([\w.-]+)\)", text)


def python_of(text: str) -> str:
    """The Python of a page: its blocks are one program."""
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join(blocks)


def run_page(name: str, text: str, folder: pathlib.Path) -> None:
    """Run a page's Python in a folder, which keeps the files it writes."""
    run_python(name, ["-c", python_of(text)], folder)


def run_python(name: str, arguments: Iterable[str], folder: pathlib.Path) -> None:
    """Run Python in a folder; what fails stops the build."""
    cache = {"JAX_COMPILATION_CACHE_DIR": str(_ROOT / ".jax-cache")}
    cache["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**cache, **os.environ},
        text=True,
        capture_output=True,
    )
    if done.returncode:
        sys.exit(f"The code of {name} fails:\n{done.stderr}")


def examples() -> list[pathlib.Path]:
    """The programs of the gallery: each makes one figure, `NAME.svg`, where it is run."""
    return sorted((_ROOT / "examples").glob("*.py"))


def run_examples(paths: Iterable[pathlib.Path], folder: pathlib.Path) -> None:
    """Run examples in a folder, one after the other in one process, which imports JAX once."""
    each = "import runpy, sys; [runpy.run_path(p, run_name='__main__') for p in sys.argv[1:]]"
    run_python("the examples", ["-W", "error", "-c", each, *map(str, paths)], folder)


def with_examples(text: str) -> str:
    """A page whose list of examples, `- [title](../examples/NAME.py): words`, shows them."""

    def shown(found: re.Match[str]) -> str:
        title, name, words = found.groups()
        program = (_ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8").strip()
        picture = f"![{title}](gallery/{name}.svg)"
        words = " ".join(words.split())
        return f"## {title} {{ #{name} }}\n\n{words}\n\n{picture}\n\n```python\n{program}\n```\n"

    entry = r"^- \[(.+?)\]\(\.\./examples/(\w+)\.py\): (.+(?:\n  .+)*)\n"
    return re.sub(entry, shown, text, flags=re.MULTILINE)


def with_equations(text: str) -> str:
    """A page whose equations, `$$…$$` on lines of their own or `` $`…`$ ``, are MathML.

    A line that ends with `\\\\` begins a new row: telephones are narrow.
    """
    from latex2mathml.converter import convert

    def on_its_own(found: re.Match[str]) -> str:
        rows = [convert(row.strip(), display="block") for row in found[1].split("\\\\\n")]
        return f'<div class="equation"><div>{with_primes("".join(rows))}</div></div>'

    block = re.compile(r"^\$\$\n(.*?)\n\$\$$", flags=re.MULTILINE | re.DOTALL)
    text = block.sub(on_its_own, text)

    def in_a_line(found: re.Match[str]) -> str:
        # Markdown would take `<math>` at the beginning of a line for a block of its own.
        slash = '<mo lspace="0" rspace="0">/</mo>'
        math = convert(found[1]).replace("<mo>&#x0002F;</mo>", slash)
        return f"<span>{with_primes(math)}</span>"

    return re.sub(r"\$`([^`\n]+)`\$", in_a_line, text)


def with_primes(math: str) -> str:
    """MathML whose x′ has a prime of full size: raised, many a font makes it a speck."""
    prime = '<mo lspace="0" rspace="0">&#x02032;</mo>'
    return re.sub(r"<msup>(<mi>\w</mi>)<mi>&#x02032;</mi></msup>", rf"\1{prime}", math)


def with_units(text: str) -> str:
    """A page whose numbers keep to their units, errors and relations, `T → 0`, at a line's end."""
    # Code, be it fenced, indented or in a line, and what is markup stay as they are.
    kept = r"(^```.*?^```$|^(?: {4}[^\n]*\n)+|`[^`\n]+`|<[a-z/!][^>\n]*>)"
    parts = re.split(kept, text, flags=re.MULTILINE | re.DOTALL)
    for k in range(0, len(parts), 2):
        parts[k] = re.sub(
            r"(?<=\d) (?=(?:%|[nµm]?s|min|h|[kMG]B|s\.e\.)(?![\w]))", "\u00a0", parts[k]
        )
        parts[k] = re.sub(r" ± (?=[\d.])", "\u00a0±\u00a0", parts[k])
        relation = r"(?<=[\w)|])[ \n]([<>=≤≥≈→])[ \n](?=[−-]?[\d.∞½])"
        parts[k] = re.sub(relation, "\u00a0\\1\u00a0", parts[k])
    return "".join(parts)


def follow_the_reader(drawing: pathlib.Path) -> None:
    """Give a drawing of matplotlib the colours of paper and ink that the reader chose."""
    from thalweg.report.themes import themed

    drawing.write_text(themed(drawing.read_text(encoding="utf-8")), encoding="utf-8")


def write_notebooks(folder: pathlib.Path, is_draft: bool) -> None:
    """Write a page for each notebook of `examples/`, with what its cells show; a copy to take."""
    for path in sorted((_ROOT / "examples").glob("*.ipynb")):
        shutil.copy(path, folder / path.name)
        tool = [str(_ROOT / "tools" / "notebook_page.py"), str(path)]
        run_python(path.name, [*tool, "--draft"] if is_draft else tool, folder)


def public_names() -> dict[str, list[str]]:
    """Every public name once, `thalweg.…`, by the module on whose page it stands.

    A name of `thalweg` stands on the page of the room that it comes from; the rooms that are public
    themselves, and each family of models, have what else they offer.
    """
    import thalweg

    models = importlib.import_module("thalweg.models")
    # `models` itself offers the classics.
    packages = [m.name for m in pkgutil.iter_modules(models.__path__) if m.ispkg]
    families = [f"models.{name}" for name in packages if name != "classics"]
    listed: dict[str, list[str]] = {}
    seen = set()
    for name, home in thalweg._HOME.items():
        listed.setdefault(".".join(home.split(".")[:2]), []).append(f"thalweg.{name}")
        seen.add(id(getattr(thalweg, name)))
    for room in [*thalweg._ROOMS, *families]:
        module = importlib.import_module(f"thalweg.{room}")
        values = {name: getattr(module, name) for name in module.__all__}
        own = [f"thalweg.{room}.{name}" for name, value in values.items() if id(value) not in seen]
        listed[module.__name__] = [*listed.get(module.__name__, []), *own]
        seen |= {id(value) for value in values.values()}
    return {name: in_order(members) for name, members in sorted(listed.items())}


def in_order(members: list[str]) -> list[str]:
    """Public names as a page shows them: verbs, what is subclassed, other classes, results."""
    from thalweg.core.reports import Report

    def place(name: str) -> int:
        value = value_of(name)
        if not inspect.isclass(value):
            return 0
        return 3 if issubclass(value, Report) else 1 if inspect.isabstract(value) else 2

    return sorted(members, key=place)


def value_of(name: str) -> Any:
    """The object that a public name, `thalweg.…`, stands for."""
    value = importlib.import_module("thalweg")
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value


def directive(name: str) -> str:
    """The place of a public name on its page.

    A verb may live in a module of its name, `analysis/linearize.py`, or beside one, which the
    reader of the source would take instead: it is told by its whole path, and shown by its public
    name.
    """
    value, (room, _, last) = value_of(name), name.rpartition(".")
    if not inspect.isfunction(value):
        return f"::: {name}"
    is_module = importlib.util.find_spec(f"{room}.{last}") is not None
    if not is_module and value.__module__.rpartition(".")[2] != last:
        return f"::: {name}"
    shown = f"    options:\n      heading: {name}\n      toc_label: {last}"
    return f"::: {value.__module__}.{last}\n{shown}"


def with_breaks(html: str) -> str:
    """A page of the reference whose headings, `thalweg.…`, look alike and break between words."""

    def name(found: re.Match[str]) -> str:
        broken = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[._])", "<wbr>", found[2])
        return f'{found[1]}<span class="doc doc-object-name">{broken}</span>'

    heading = r'(class="doc doc-heading">\s*)(?:<span class="doc doc-object-name[^>]*>)?'
    return re.sub(heading + r"(thalweg\.[\w.]+)(?:</span>)?", name, html)


def with_whole_words(html: str) -> str:
    """A page on which no line ends inside an `--option`, `1e-6`, `784-64-10`, `c|x|²` or `1/φ`."""
    parts = re.split(r"(<(pre|script|style|title)\b.*?</\2>|<[^>]*>)", html, flags=re.DOTALL)
    for k in range(0, len(parts), 3):
        whole = r'<span style="white-space:nowrap">\g<0></span>'
        parts[k] = re.sub(_WHOLE, whole, parts[k])
    return "".join(text for k, text in enumerate(parts) if k % 3 != 2)


# Browsers break lines behind hyphens, bars and strokes. What is long may be broken: telephones are
# narrow.
_WHOLE = (
    r"--[a-z][\w-]*|\d[\d.]*e-\d+|\d+(?:-\d+){2,}|(?<!\S)[^\s<>|]{0,12}\|[^\s<>]{1,20}(?!\S)"
    r"|(?<![\w.])1/[^\s<>/,;]{1,12}(?!\S)"
)


def with_a_way_on(html: str) -> str:
    """A page; that of an address which is none says where the others are found."""
    way = "<p>There is no page at this address. The menu and the search lead to all there are.</p>"
    return html.replace("<h1>404 - Not found</h1>", f"<h1>Not found</h1>\n{way}")


# What is raised or lowered in a docstring: what stands in braces; the indices of a ∇, one letter
# each; a letter or number behind `^`; an index of one or two characters of a letter, a word of a
# Greek one, one letter of a norm, of a letter with a tilde, of a `min` or a `max`. Longer words of
# other letters are names.
_END = r"(?![A-Za-z0-9_α-ω])"
_RAISED = re.compile(
    r"\^(?:\{([^{}]*)\}|(?<=∇\^)([α-ω])|(?<=[α-ω]\^)([a-z]+)|([A-Za-zα-ω½]|\d+)" + _END + ")"
)
_LOWERED = re.compile(
    r"_(?:\{([^{}]*)\}|(?<=∇_)([α-ω])|(?<![A-Za-z0-9_]._)(?<=[A-Za-zΑ-ωΣ∂]_)([A-Za-z0-9α-ωΔ]{1,2})"
    + _END
    + r"|(?<=[α-ω]_)([a-z]+)|(?<=[‖|\u0303]_)([A-Za-z])(?![A-Za-z])|(?<=\b(?:min|max)_)([a-z])\b)"
)


def with_raised(html: str) -> str:
    """A page of the reference whose docstrings' `e^{−x}`, `R^n`, `z_i` are raised and lowered."""
    kept = r"(<(pre|code|script|style|title)\b.*?</\2>|<[^>]*>)"
    parts = re.split(kept, html, flags=re.DOTALL)
    # Text, what is kept, and the name of its element, by turns.
    for k in range(0, len(parts), 3):
        for pattern, tag in ((_RAISED, "sup"), (_LOWERED, "sub")):
            parts[k] = pattern.sub(lambda m, t=tag: f"<{t}>{m[m.lastindex or 0]}</{t}>", parts[k])
    return "".join(text for k, text in enumerate(parts) if k % 3 != 2)


def with_closed_brackets(html: str) -> str:
    """A page of the reference on which no line begins with the bracket behind a default."""
    return re.sub(r"(</code>)\s+\)", r"\1)", html)


def write_reference(folder: pathlib.Path) -> dict[str, str]:
    """Write a page for each public module; their titles by file name."""
    folder.mkdir()
    titles = {}
    for name, members in public_names().items():
        about = (importlib.import_module(name).__doc__ or "").strip().partition("\n\n")[0]
        title = _TITLES.get(name, name.rpartition(".")[2].replace("_", " ").capitalize())
        parts = [f"# {title}", f"{about} (`{name}`)", *map(directive, members)]
        file = f"{name.removeprefix('thalweg.').replace('.', '-')}.md"
        (folder / file).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        titles[file] = title
    return titles


def configuration(titles: dict[str, str]) -> str:
    """The configuration, with everything in its navigation and paths that hold in the build."""
    text = (_ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^ +- .*: (\S+\.md)$", text, flags=re.MULTILINE)
    pages = sorted(page.relative_to(_ROOT / "docs") for page in (_ROOT / "docs").rglob("*.md"))
    others = [page.as_posix() for page in pages if page.as_posix() not in listed]
    notebooks = sorted((_ROOT / "examples").glob("*.ipynb"))
    entries = "  - Notebooks:\n" if notebooks else ""
    entries += "".join(f"      - notebooks/{path.stem}.md\n" for path in notebooks)
    entries += "  - Worked examples:\n" if others else ""
    entries += "".join(f"      - {page}\n" for page in others)
    entries += "  - Reference:\n"
    entries += "".join(f"      - {title}: reference/{file}\n" for file, title in titles.items())
    text = text.replace("markdown_extensions:\n", f"{entries}markdown_extensions:\n")
    text = text.replace("tools/docstrings.py", str(_ROOT / "tools" / "docstrings.py"))
    source = f"        python:\n          paths: [{_ROOT / 'src'}]\n"
    return text.replace("        python:\n", source)


if __name__ == "__main__":
    main()
