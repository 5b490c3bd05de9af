"""Files of one run never lie beside those of another as if they belonged together."""

import contextlib

import pytest
from typer.testing import CliRunner

from thalweg.cli.main import app
from thalweg.cli.session import session
from thalweg.report.page import Page, Picture, Section, files_beside

DRAWING = b'<svg width="10pt"/>'


def page(*names, **others):
    pictures = [Picture(name, DRAWING, "what", "it") for name in names]
    return Page("It", "so", [Section("Part", pictures)], others)


def write(folder, found, quiet=True):
    with session(out=folder, quiet=quiet) as current:
        current.open_folder("it")
        current.finish({"warnings": []}, "", found.files)


def test_what_was_written_is_told_within_the_width_and_no_path_is_broken(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    folder = tmp_path / "a folder of somebody"
    write(folder, page("one", "two"), quiet=False)
    said = capsys.readouterr().err
    assert f"  {folder / 'result.json'},\n" in said
    assert "2 figures (SVG)." in said
    others = [line for line in said.splitlines() if str(folder) not in line]
    assert max(map(len, others), default=0) <= 80
    assert len(said.splitlines()) > 1


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_second_run_leaves_no_figure_of_the_first_and_no_file_of_a_stranger(tmp_path, capsys):
    tmp_path.joinpath("mine.svg").write_bytes(b"drawn by hand")
    write(tmp_path, page("portrait", "spectrum", **{"run.gif": b"moves"}))
    assert names(tmp_path) == {
        "mine.svg", "portrait.svg", "spectrum.svg", "run.gif", "report.html", "result.json",
    }  # fmt: skip
    write(tmp_path, page("portrait", "path"), quiet=False)
    assert names(tmp_path) == {
        "mine.svg", "portrait.svg", "path.svg", "report.html", "result.json",
    }  # fmt: skip
    assert "Removed 2 files of the earlier report there." in capsys.readouterr().err


def test_a_name_with_a_space_is_one_name(tmp_path):
    write(tmp_path, page("peak height"))
    tmp_path.joinpath("height.svg").write_bytes(b"drawn by hand")
    write(tmp_path, page("portrait"))
    assert names(tmp_path) == {"height.svg", "portrait.svg", "report.html", "result.json"}


def test_a_run_that_fails_to_draw_removes_nothing(tmp_path):
    write(tmp_path, page("portrait"))

    def broken():
        raise ValueError("no ink")

    with contextlib.suppress(BaseException), session(out=tmp_path, quiet=True) as current:
        current.open_folder("it")
        current.finish({"warnings": []}, "", broken)
    assert "portrait.svg" in names(tmp_path)


def test_a_report_of_somebody_else_lists_no_files(tmp_path):
    assert files_beside(tmp_path) == set()
    for text in ("<html></html>", '<meta name="thalweg-files" content="../.././">'):
        tmp_path.joinpath("report.html").write_text(text)
        assert files_beside(tmp_path) == set()
    tmp_path.joinpath("report.html").write_bytes(b"\xff\xfe\x00")
    assert files_beside(tmp_path) == set()


@pytest.mark.long
def test_commands_write_into_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (["simulate", "double-well", "--duration", "2"], ["recover", "double-well"]):
        assert CliRunner().invoke(app, command).exit_code == 0
    assert names(tmp_path / "thalweg-out") == {"double-well-simulate", "double-well-recover"}
