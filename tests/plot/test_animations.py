"""Animations: trajectories that run in a portrait, frame by frame."""

import dataclasses
import shutil

import numpy as np
import pytest
from PIL import Image
from tests.plot.plot_systems import run_through

import thalweg as tw
from thalweg.plot.curves import Run


def frames(file):
    """The pictures of a file, each `(height, width, 3)`."""
    with Image.open(file) as image:
        found = []
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            found.append(np.asarray(image.convert("RGB"), float))
    return found


def test_a_trajectory_grows_from_frame_to_frame(tmp_path, fitzhugh_nagumo):
    rule, equilibria, _ = fitzhugh_nagumo
    starts = np.array([[-2.5, 2.5]])
    file = tw.plot.animation(
        rule, tmp_path / "run.gif", starts=starts, frames=3, equilibria=equilibria
    )
    assert list(tmp_path.iterdir()) == [file]
    first, second, third = frames(file)
    blue = [np.sum(np.abs(f - np.array([86, 180, 233])).sum(axis=-1) < 60) for f in
            (first, second, third)]  # fmt: skip
    assert blue[0] < blue[1] < blue[2]
    # What does not move stays: the frame and all outside of it.
    # (Each frame has 256 colours of its own.)
    np.testing.assert_allclose(first[-40:], third[-40:], atol=40.0)


def test_a_map_jumps(tmp_path):
    file = tw.plot.animation(
        tw.models.Henon(), tmp_path / "map.gif", equilibria=(), starts=1, frames=2
    )
    first, last = frames(file)
    assert np.any(first != last)


def ink(frame):
    """The number of pixels that have the blue of a run."""
    return int(np.sum(np.abs(frame - np.array([0, 114, 178])).sum(axis=-1) < 60))


@pytest.mark.parametrize(
    ("columns", "is_map"), [(2, False), (1, False), (2, True)], ids=["plane", "one", "map"]
)
def test_a_run_grows_from_frame_to_frame(tmp_path, columns, is_map):
    angles = np.linspace(0.0, 6.0, 40)
    states = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, :columns]
    file = tw.plot.run_animation(run_through(states, is_map), tmp_path / "run.gif", frames=3)
    first, second, third = frames(file)
    assert 0 < ink(first) < ink(second) < ink(third)
    np.testing.assert_allclose(first[-40:], third[-40:], atol=40.0)  # the frame stays


def test_between_two_saved_points_a_run_moves_evenly(tmp_path):
    run = run_through(np.array([[0.0, 0.0], [1.0, 1.0]]))
    file = tw.plot.run_animation(run, tmp_path / "run.gif", frames=5)
    shown = frames(file)
    assert len(shown) == 5  # pictures that are the same would be one
    grown = np.diff([ink(frame) for frame in shown])
    assert grown.min() > 0.8 * grown.max() > 0.0


def test_a_portrait_plays_until_the_last_run_has_arrived(tmp_path, fitzhugh_nagumo):
    rule, equilibria, _ = fitzhugh_nagumo
    starts = np.array([[-2.5, 2.5]])
    data = tw.plot.portrait_data(rule, starts=starts, equilibria=equilibria)
    (moving,) = data.tracks
    still = Run(moving.times, np.repeat(moving.y[:1], len(moving.y), axis=0))
    both = dataclasses.replace(data, tracks=[moving, still])
    shown = frames(tw.plot.portrait_animation(both, tmp_path / "run.gif", frames=2))
    drawn = [np.sum(np.abs(f - np.array([86, 180, 233])).sum(axis=-1) < 60) for f in shown]
    assert drawn[-1] > 2 * drawn[0]


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(tw.InputError, match=r"no \.gif and no \.mp4"):
        tw.plot.animation(tw.models.Henon(), tmp_path / "run.avi")
    with pytest.raises(tw.InputError, match="one coordinate"):
        tw.plot.animation(tw.models.CurieWeiss(), tmp_path / "run.gif", equilibria=())
    if shutil.which("ffmpeg") is None:
        with pytest.raises(tw.InputError, match="needs the program ffmpeg, which is not here"):
            tw.plot.animation(tw.models.Henon(), tmp_path / "run.mp4")
