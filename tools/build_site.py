"""Build the site of the documentation.

    python tools/build_site.py [--draft]

Copies `docs/` to `build/site/`, runs each page's Python there (which draws its figures), writes a
reference page for every public module, and builds all of it with Zensical into `site/`. A broken
link, a docstring that cannot be read or code that fails stops it. `--draft` runs no code and leaves
the figures blank: quick, and enough where the tests have run the code.
"""

import importlib
import os
import pathlib
import pkgutil
import re
import shutil
import subprocess
import sys

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
    shutil.rmtree(_BUILD, ignore_errors=True)
    shutil.copytree(_ROOT / "docs", pages)
    figures.mkdir(exist_ok=True)
    for page in sorted(pages.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if "--draft" in sys.argv:
            for name in figures_of(text):
                (figures / name).write_text(_BLANK, encoding="utf-8")
        else:
            run_page(page.name, text, figures)
    titles = write_reference(pages / "reference")
    (_BUILD / "mkdocs.yml").write_text(configuration(titles), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=_BUILD, text=True, stdout=-1, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(done.stdout)
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
    program = python_of(text)
    cache = {"JAX_COMPILATION_CACHE_DIR": str(_ROOT / ".jax-cache")}
    cache["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**cache, **os.environ},
        text=True,
        capture_output=True,
    )
    if done.returncode:
        sys.exit(f"The code of {name} fails:\n{done.stderr}")


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
    for room in [*thalweg._ROOMS, "report", *families]:
        module = importlib.import_module(f"thalweg.{room}")
        values = {name: getattr(module, name) for name in module.__all__}
        own = [f"thalweg.{room}.{name}" for name, value in values.items() if id(value) not in seen]
        listed[module.__name__] = [*listed.get(module.__name__, []), *own]
        seen |= {id(value) for value in values.values()}
    return dict(sorted(listed.items()))


def write_reference(folder: pathlib.Path) -> dict[str, str]:
    """Write a page for each public module; their titles by file name."""
    folder.mkdir()
    titles = {}
    for name, members in public_names().items():
        about = (importlib.import_module(name).__doc__ or "").strip().partition("\n\n")[0]
        title = _TITLES.get(name, name.rpartition(".")[2].replace("_", " ").capitalize())
        parts = [f"# {title}", f"{about} (`{name}`)", *(f"::: {member}" for member in members)]
        file = f"{name.removeprefix('thalweg.').replace('.', '-')}.md"
        (folder / file).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        titles[file] = title
    return titles


def configuration(titles: dict[str, str]) -> str:
    """The configuration, with everything in its navigation and paths that hold in the build."""
    text = (_ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^  - .*: (\S+\.md)$", text, flags=re.MULTILINE)
    pages = sorted(page.relative_to(_ROOT / "docs") for page in (_ROOT / "docs").rglob("*.md"))
    others = [page.as_posix() for page in pages if page.as_posix() not in listed]
    entries = "  - Worked examples:\n" if others else ""
    entries += "".join(f"      - {page}\n" for page in others)
    entries += "  - Reference:\n"
    entries += "".join(f"      - {title}: reference/{file}\n" for file, title in titles.items())
    text = text.replace("markdown_extensions:\n", f"{entries}markdown_extensions:\n")
    text = text.replace("tools/docstrings.py", str(_ROOT / "tools" / "docstrings.py"))
    source = f"        python:\n          paths: [{_ROOT / 'src'}]\n"
    return text.replace("        python:\n", source)


if __name__ == "__main__":
    main()
