"""Pin every package that the project installs, transitive ones and the build backend included.

    python tools/pin.py
    python tools/pin.py --remove

Resolves `pyproject.toml` afresh, to the newest versions that its lower bounds and each Python
allow, and rewrites its two lists of pins, `constraint-dependencies` and
`build-constraint-dependencies`. Those hold names, versions and markers; `uv.lock` also spells out
download addresses and is therefore ignored by git. `--remove` empties the lists, for a copy in
which other versions are to be tried.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_LISTS = ("constraint-dependencies", "build-constraint-dependencies")


def main() -> None:
    """Resolve and rewrite."""
    project = _ROOT / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    runtime, build = ([], []) if "--remove" in sys.argv[1:] else resolve(text)
    for name, pins in zip(_LISTS, (runtime, build), strict=True):
        text = with_pins(text, name, pins)
    project.write_text(text, encoding="utf-8")
    print(f"{len(runtime)} pins, and {len(build)} for the build. Now run the tests and commit.")


def resolve(text: str) -> tuple[list[str], list[str]]:
    """The pins of all dependencies, groups and extras, and those of the build."""
    for name in _LISTS:
        text = with_pins(text, name, [])
    build = tomllib.loads(text)["build-system"]["requires"]
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        (copy / "pyproject.toml").write_text(text, encoding="utf-8")
        for name in ("README.md", "LICENSE"):
            shutil.copy(_ROOT / name, copy / name)
        (copy / "build.in").write_text("\n".join(build), encoding="utf-8")
        plain = ["--no-annotate", "--no-header", "--quiet"]
        every = ["--all-groups", "--all-extras", "--no-emit-project", "--no-hashes"]
        runtime = _lines(["uv", "export", *every, *plain], copy)
        compiled = _lines(["uv", "pip", "compile", "--universal", *plain, "build.in"], copy)
    return runtime, compiled


def _lines(command: list[str], folder: pathlib.Path) -> list[str]:
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def with_pins(text: str, name: str, pins: list[str]) -> str:
    """The text of `pyproject.toml` with one of its lists of pins replaced."""
    entries = "".join(f'    "{pin}",\n' for pin in pins)
    pattern = rf"^{re.escape(name)} = \[.*?\]$"
    changed, count = re.subn(
        pattern, f"{name} = [\n{entries}]", text, count=1, flags=re.MULTILINE | re.DOTALL
    )
    if not count:
        raise SystemExit(f"pyproject.toml has no list {name} in [tool.uv].")
    return changed


if __name__ == "__main__":
    main()
