"""The wheel: what is in it, and that it runs in an environment that holds nothing else."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
from tests.architecture.house import ROOT, package

import thalweg

# The tool that builds, wherever this runs: `uv run` says where it is.
UV = [os.environ["UV"]] if "UV" in os.environ else [shutil.which("uv") or "uv"]


def run(*words, cwd, **environment):
    """What a command prints; it must succeed."""
    settings = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**settings, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(*UV, "build", "--wheel", "--out-dir", folder, ROOT, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.long
def test_the_wheel_holds_what_is_ours_and_nothing_else(wheel):
    assert wheel.name == f"thalweg-{thalweg.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        metadata = next(name for name in names if name.endswith("METADATA"))
        said = archive.read(metadata).decode()
    top = {name.split("/")[0] for name in names}
    assert top == {"thalweg", f"thalweg-{thalweg.__version__}.dist-info"}
    assert "thalweg/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    ours = {str(module.path.relative_to(ROOT / "src")) for module in package()}
    assert {name for name in names if name.endswith(".py")} == ours
    kept = {name.rsplit(".", 1)[-1] for name in names if name.startswith("thalweg/")}
    assert kept <= {"py", "typed", "html", "css", "js"}
    assert "License-Expression: Apache-2.0" in said
    assert "Typing :: Typed" in said


@pytest.mark.long
def test_the_source_distribution_holds_what_a_release_needs(tmp_path):
    run(*UV, "build", "--sdist", "--out-dir", tmp_path, ROOT, cwd=tmp_path)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {
            member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()
        }
    beside = {name for name in names if not name.startswith("src/thalweg/")}
    ours = {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"}
    # What the tool that builds writes itself.
    assert beside - {"PKG-INFO", "pyproject.toml.orig"} == ours
    assert "src/thalweg/py.typed" in names


@pytest.mark.long
def test_the_wheel_runs_in_an_empty_environment(wheel, tmp_path):
    """As the README has it: built, installed, and run away from the clone."""
    home = tmp_path / "empty"
    run(*UV, "venv", "--python", sys.executable, home, cwd=tmp_path)
    python = next(
        (home / folder / "python") for folder in ("bin", "Scripts") if (home / folder).is_dir()
    )
    run(*UV, "pip", "install", "--python", python, wheel, cwd=tmp_path)
    command = python.with_name("thalweg")
    assert "fitzhugh-nagumo" in run(command, "list", cwd=tmp_path)
    run(command, "simulate", "double-well", "--start", "0.3", "--duration", "2", cwd=tmp_path)
    assert (tmp_path / "thalweg-out" / "double-well-simulate" / "report.html").exists()
    program = (
        "import thalweg as tw; "
        "print(len(tw.find_equilibria(tw.SteepestDescent(tw.energies.FourWells()))))"
    )
    assert run(python, "-c", program, cwd=tmp_path).strip() == "9"


def test_the_readme_installs_the_wheel_of_this_version():
    said = (ROOT / "README.md").read_text("utf-8")
    assert f"dist/thalweg-{thalweg.__version__}-py3-none-any.whl" in said
