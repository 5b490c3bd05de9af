"""Plant faults in a copy of the tree, one at a time, and print which of them no test notices.

    .venv/bin/python tools/plant_faults.py                 # all of tools/faults.toml
    .venv/bin/python tools/plant_faults.py angle basins    # those with a word in name or file

A fault is a row of `tools/faults.toml`: a file, a text that it holds once, the replacement, and the
tests of the room, quick ones first and then those marked long. One that survives asks for a test,
one whose text or tests are gone for others, and one whose tests take too long for fewer: what has
not ended has noticed nothing. The tests that noticed run without the faults, too, in the end: one
that fails anyway has noticed nothing either.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "tools" / "faults.toml"


@dataclass(frozen=True)
class Fault:
    """One mistake that a test should notice.

    Attributes:
        name: what is wrong, in a few words.
        file: where, from the root of the tree.
        text: what the file holds once.
        replacement: what it holds instead.
        tests: of the room, as arguments of pytest.
    """

    name: str
    file: str
    text: str
    replacement: str
    tests: tuple[str, ...]

    def planted_in(self, content: str) -> str:
        """The content of the file with the fault.

        Raises:
            ValueError: the text is not there once, or the replacement changes nothing.
        """
        count = content.count(self.text)
        if count != 1:
            raise ValueError(f"the text is there {count} times: {self.text!r}")
        if self.text == self.replacement:
            raise ValueError(f"the replacement changes nothing: {self.text!r}")
        return content.replace(self.text, self.replacement)


def read_table(path: pathlib.Path) -> list[Fault]:
    """The faults of a table."""
    rows = tomllib.loads(path.read_text("utf-8"))["fault"]
    return [Fault(**{**row, "tests": tuple(row["tests"])}) for row in rows]


def copy_tree(target: pathlib.Path) -> None:
    """Copy every file that git knows or would add, as it is now."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


@contextmanager
def planted(fault: Fault, tree: pathlib.Path) -> Iterator[None]:
    """A tree with a fault, while it lasts."""
    path = tree / fault.file
    content = path.read_text("utf-8")
    path.write_text(fault.planted_in(content), "utf-8")
    try:
        yield
    finally:
        path.write_text(content, "utf-8")


def first_failure(tree: pathlib.Path, tests: Sequence[str], limit: float) -> str | None:
    """The test that fails first in a tree, None where all pass.

    Those marked long come last: the command of pyproject.toml leaves them out.

    Raises:
        LookupError: pytest could not run them (there are none, nothing can be imported), and so
            says nothing of the fault.
        TimeoutError: they took longer than `limit` seconds.
    """
    found = (failures(tree, (*tests, "-x", "-m", kind), limit) for kind in ("not long", "long"))
    return next((names[0] for names in found if names), None)


def failures(tree: pathlib.Path, options: Sequence[str], limit: float) -> list[str]:
    """The tests that fail in a tree, as arguments of pytest; raises what `first_failure` does."""
    kept = os.environ.get("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".jax-cache"))
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": kept,
        "PYTHONPATH": str(tree / "src"),
        # Files written within a second of one another have bytecode that looks fresh.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with tempfile.TemporaryDirectory(prefix="failed-") as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={folder}", *options]
        try:
            done = subprocess.run(
                command, cwd=tree, env=environment, capture_output=True, text=True, timeout=limit
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"its tests do not end within {limit:.0f} s") from None
        # A fault that keeps a test module from being imported (2) is noticed, too; a module without
        # tests of a kind (5) notices nothing.
        if done.returncode not in (0, 1, 2, 5):
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise LookupError(f"pytest could not run its tests: {said[0]} … {said[-1]}")
        if done.returncode in (0, 5):
            return []
        return list(json.loads((pathlib.Path(folder) / "v/cache/lastfailed").read_text("utf-8")))


def outcome(fault: Fault, tree: pathlib.Path, limit: float) -> tuple[str, str]:
    """The fate of a fault, in a word, and the test that noticed it or what went wrong."""
    try:
        with planted(fault, tree):
            by = first_failure(tree, fault.tests, limit)
    except (ValueError, LookupError) as error:
        return "stale", str(error)
    except TimeoutError as error:
        return "late", str(error)
    return ("survives", "") if by is None else ("noticed", by)


def main() -> int:
    """Plant the faults that were asked for; 0 where all are noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("words", nargs="*", help="faults with one of these in name or file; all")
    parser.add_argument("--table", type=pathlib.Path, default=TABLE, help="another table")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for the tests of one")
    parser.add_argument("--trust", action="store_true", help="do not run the tests without faults")
    asked = parser.parse_args()
    faults = [
        fault for fault in read_table(asked.table)
        if not asked.words or any(word in f"{fault.name} {fault.file}" for word in asked.words)
    ]  # fmt: skip
    if not faults:
        parser.error("no fault of the table has any of these words")
    told: dict[str, list[str]] = {"noticed": [], "survives": [], "late": [], "stale": []}
    number = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        tree = pathlib.Path(folder)
        copy_tree(tree)
        print(f"{number}, in a copy of the tree.", flush=True)
        for fault in faults:
            began = time.monotonic()
            said, more = outcome(fault, tree, asked.limit)
            told[said].append(more)
            seconds = f"{time.monotonic() - began:.0f} s"
            print(f"{said.ljust(9)} {fault.name} ({fault.file}), {seconds}: {more}", flush=True)
        noticing = sorted(set(told["noticed"]))
        options, limit = (*noticing, "-m", ""), asked.limit * len(noticing)
        anyway = failures(tree, options, limit) if noticing and not asked.trust else []
    if anyway:
        print(f"They fail without a fault, too, and have noticed nothing: {', '.join(anyway)}")
    counts = ", ".join(f"{len(names)} {said}" for said, names in told.items())
    print(f"Of {number}: {counts}.")
    return 0 if len(told["noticed"]) == len(faults) and not anyway else 1


if __name__ == "__main__":
    sys.exit(main())
