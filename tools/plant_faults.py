"""Plant faults in a copy of the tree, one at a time, and print which of them no test notices.

    .venv/bin/python tools/plant_faults.py                 # all of tools/faults.toml
    .venv/bin/python tools/plant_faults.py angle basins    # those with a word in name or file

A fault is a row of `tools/faults.toml`: a file, a text that it holds once, the replacement, and the
tests of the room. One that survives asks for a test, one whose text is gone for another text. The
tests run without the fault, too: a test that fails anyway has noticed nothing.
"""

import argparse
import os
import pathlib
import re
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
    """The test that fails first in a tree, None where all pass; what never ends has failed.

    Those marked long come last.

    Raises:
        RuntimeError: pytest could not run them, and so says nothing of the fault.
    """
    found = (_first_of(tree, (*tests, "-m", marked), limit) for marked in ("not long", "long"))
    return next(filter(None, found), None)


def _first_of(tree: pathlib.Path, tests: Sequence[str], limit: float) -> str | None:
    kept = os.environ.get("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".jax-cache"))
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": kept,
        "PYTHONPATH": str(tree / "src"),
        # Files written within a second of one another have bytecode that looks fresh.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return f"nothing within {limit:.0f} s"
    # A fault that keeps a test module from being imported is noticed, too; a module without tests
    # of a kind (5) notices nothing.
    if done.returncode not in (0, 1, 2, 5):
        raise RuntimeError(f"pytest {' '.join(tests)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    if done.returncode in (0, 5):
        return None
    named = re.search(r"^(?:FAILED|ERROR) (?:\S+::)?(\S+)", done.stdout, re.MULTILINE)
    return named[1] if named else "something"


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
    survived, stale = [], []
    if not faults:
        parser.error("no fault of the table has any of these words")
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        tree = pathlib.Path(folder)
        copy_tree(tree)
        tests = sorted({name for fault in faults for name in fault.tests})
        broken = None if asked.trust else first_failure(tree, tests, 10 * asked.limit)
        if broken is not None:
            print(f"{broken} fails without any fault: mend that first.")
            return 2
        print(f"{len(faults)} faults, in a copy of the tree.", flush=True)
        for fault in faults:
            began = time.monotonic()
            try:
                with planted(fault, tree):
                    by = first_failure(tree, fault.tests, asked.limit)
            except ValueError as error:
                stale.append(fault)
                print(f"stale     {fault.name} ({fault.file}): {error}", flush=True)
                continue
            if by is None:
                survived.append(fault)
            said = "SURVIVES " if by is None else "noticed  "
            seconds, who = time.monotonic() - began, "" if by is None else f" by {by}"
            print(f"{said} {fault.name} ({fault.file}){who}, {seconds:.0f} s", flush=True)
    print(f"{len(survived)} of {len(faults) - len(stale)} faults survive; {len(stale)} are stale.")
    return 1 if survived or stale else 0


if __name__ == "__main__":
    sys.exit(main())
