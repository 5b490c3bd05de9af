"""The pages of `simulate` and `recover`, by the command line, and what figures of runs show."""

import json

import numpy as np
import pytest
from tests.results import text_of
from tests.zoo import Linear
from typer.testing import CliRunner

import thalweg as tw
from thalweg.cli.main import app
from thalweg.plot.principal import principal
from thalweg.plot.style import LANDSCAPE, SIGNED, shades
from thalweg.plot.trajectories import draw_trajectory
from thalweg.report.runs import run_page


def thalweg(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_simulate_writes_figures_and_a_report(tmp_path):
    done = thalweg(
        "simulate", "double-well", "--start", "0.3", "--duration", "5", "--out", tmp_path
    )
    assert done.exit_code == 0, done.stderr
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"result.json", "report.html", "trajectory.svg", "energy-along.svg"}
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "The declared energy at the saved states never rises." in page
    assert "thalweg simulate double-well --start 0.3 --duration 5.0" in text_of(page)
    assert "flow of 1 coordinate" in page
    assert json.loads((tmp_path / "result.json").read_text("utf-8"))["start"] == [0.3]


def test_recover_writes_figures_and_a_report(tmp_path):
    assert thalweg("recover", "double-well", "--out", tmp_path).exit_code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"result.json", "report.html", "verdict.svg"}
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "thalweg recover double-well" in page
    assert "Is it steepest descent of an energy?" in page


def test_an_energy_in_closed_form_has_a_report(tmp_path):
    assert thalweg("recover", "double-well", "--symbolic", "--out", tmp_path).exit_code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"result.json", "report.html", "phase-portrait.svg"}
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<li>Proved: J = Jᵀ identically, by normal forms.</li>" in page
    assert '<p class="lead">It is steepest descent in the Euclidean metric.' in page
    assert "<pre><code>M = diag(<wbr>1)</code></pre>" in page
    assert "<p>In LaTeX:</p>" in page
    assert "Phase portrait of double-well" in page


@pytest.mark.parametrize("command", ["analyze", "recover"])
def test_a_rule_that_depends_on_time_names_the_command_that_answers(tmp_path, command):
    refused = thalweg(command, "duffing-flow", "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert f"`thalweg {command} duffing`" in refused.stderr
    assert "Stroboscopic" not in refused.stderr


@pytest.mark.long
def test_a_run_in_the_plane_and_in_more_coordinates():
    turn = Linear(np.array([[-0.1, 1.0], [-1.0, -0.1]]))
    run = tw.simulate(turn, np.array([1.0, 0.0]), duration=5.0, save=20)
    points, labels, remark = tw.plot.path_data(run)
    np.testing.assert_array_equal(points, run.states)
    assert (labels, remark) == (("x[0]", "x[1]"), "")
    fall = Linear(np.diag([-1.0, -2.0, -4.0]))
    run = tw.simulate(fall, np.ones(3), duration=5.0, save=20)
    points, labels, remark = tw.plot.path_data(run)
    assert points.shape == (20, 2)
    assert labels[0].startswith("PC 1 (")
    assert "x[0]" in remark
    page = run_page(run, fall, np.ones(3), parameters={})
    assert [picture.name for picture in page.pictures()] == ["trajectory", "path"]
    line = tw.simulate(Linear(np.array([[-1.0]])), np.ones(1), duration=1.0, save=5)
    with pytest.raises(tw.InputError, match="the state has one coordinate"):
        tw.plot.path(line)


def test_principal_components_of_points_in_a_known_plane():
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    first, second = np.array([0.6, 0, 0.8, 0]), np.array([0, -1.0, 0, 0])
    points = 5.0 + 3 * np.outer(np.cos(angle), first) + np.outer(np.sin(angle), second)
    found = principal(points, np.ones(4))
    assert found is not None
    np.testing.assert_allclose(found.origin, 5.0)
    np.testing.assert_allclose(found.directions, [first, -second], atol=1e-12)
    np.testing.assert_allclose(found.shares, [0.9, 0.1])
    assert found.labels == ("PC 1 (90\u00a0% of the variance)", "PC 2 (10\u00a0% of the variance)")
    first_line, *each = found.words(["a", "b", "c", "d"]).replace("\u00a0", " ").split("\n")
    assert first_line.startswith("Principal components (PC)")
    assert each == ["PC 1 = 0.80 c + 0.60 a", "PC 2 = 1.00 b"]
    np.testing.assert_allclose(found.place(points)[0], [3.0, 0.0], atol=1e-12)
    assert principal(np.outer(np.arange(3.0), first), np.ones(4)) is None


@pytest.mark.long
def test_images_of_signed_values_part_at_zero():
    values = np.linspace(-1.0, 3.0, 20).reshape(2, 10)
    assert shades(values) == {"cmap": SIGNED, "vmin": -3.0, "vmax": 3.0}
    assert shades(values + 1.0) == {"cmap": LANDSCAPE}
    axes = draw_trajectory(np.arange(2.0), values, [f"u{i}" for i in range(10)])
    ticks = axes.get_yticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))
    assert axes.collections[0].get_clim() == (-3.0, 3.0)
