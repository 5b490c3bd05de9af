"""Progress: silent when short, plain lines without a terminal, a bar on one."""

import io

import pytest

from thalweg.core.progress import Progress, describe, duration_text, quiet


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(seconds, *, stream=None, updates=4, **options):
    """A job of four updates; what it printed."""
    stream, clock = stream or io.StringIO(), Clock()
    with Progress("job", 8, unit="lane", stream=stream, clock=clock, **options) as progress:
        for done in range(1, updates + 1):
            clock.now += seconds / updates
            progress.update(done, note="loss 0.5")
    return stream.getvalue()


def test_a_short_job_prints_nothing():
    assert run(1.9) == ""


def test_a_long_job_prints_rate_and_time_left():
    lines = run(40.0).splitlines()
    # 10 s apart: nothing between two lines is skipped here
    assert lines[0] == "job: 1 of 8 lanes (12 %), 0.1 lanes/s, 1 min 10 s left, loss 0.5"
    assert lines[-1] == "job: 4 of 8 lanes (50 %), 0.1 lanes/s, 40 s left, loss 0.5"
    assert len(lines) == 4


def test_lines_keep_their_distance():
    assert len(run(12.0).splitlines()) == 1


def test_a_resumed_job_counts_its_own_rate():
    clock, stream = Clock(), io.StringIO()
    with Progress("job", 100, done=90, stream=stream, clock=clock) as progress:
        clock.now += 10.0
        progress.update(95)
    assert "95 of 100 steps (95 %), 0.5 steps/s, 10 s left" in stream.getvalue()


def test_a_terminal_gets_a_bar():
    text = run(40.0, stream=Terminal())
    assert "━" in text
    assert "lanes/s" in text


def test_quiet():
    assert run(40.0, quiet=True) == ""
    with quiet():
        assert run(40.0) == ""
        with quiet(False):
            assert run(40.0) != ""
    assert run(40.0) != ""


def test_the_outer_job_reports():
    clock, inner, outer = Clock(), io.StringIO(), io.StringIO()
    with Progress("outer", stream=outer, clock=clock) as outside:
        with Progress("inner", stream=inner, clock=clock) as inside:
            clock.now += 30.0
            inside.update(1)
        outside.update(1)
    assert inner.getvalue() == ""
    assert outer.getvalue().startswith("outer: 1 step, 0.0333 steps/s")
    assert run(40.0) != ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (185.0, "3 min 05 s"), (7830.0, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


def test_a_job_that_stands_still_promises_nothing():
    assert describe(0, 10, 0.0, "step") == "0 of 10 steps (0 %), 0 steps/s"
    assert describe(25000, 1e6, 1234.5, "step") == (
        "25,000 of 1,000,000 steps (2 %), 1,234 steps/s, 13 min 10 s left"
    )


def test_one_is_told_in_the_singular():
    assert describe(1, None, 1.0, "epoch") == "1 epoch, 1 epoch/s"
    assert describe(0, 1, 2.0, "time unit") == "0 of 1 time unit (0 %), 2 time units/s, 0 s left"
