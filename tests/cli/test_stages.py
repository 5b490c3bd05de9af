"""Whoever waits at a terminal is told what is being done; a script is not."""

import io
import threading
import time

import pytest

from thalweg.cli.stages import Stages


class Terminal(io.StringIO):
    """Standard error of somebody who looks at it."""

    def isatty(self):
        return True


def test_a_long_stage_is_named_while_it_lasts():
    terminal = Terminal()
    with Stages("fit", 2, after=0.0, stream=terminal) as stage:
        stage("first")
        stage("second")
        shown = terminal.getvalue()
        for _ in range(40):  # ticks come twice a second
            if len(terminal.getvalue()) > len(shown):
                break
            time.sleep(0.1)
        assert len(terminal.getvalue()) > len(shown)
    text = terminal.getvalue()
    assert "first" in text
    assert "1 of 2 stages (50 %)" in text
    assert "second" in text
    assert "left" in text


@pytest.mark.parametrize(
    ("stream", "options"), [(io.StringIO(), {}), (Terminal(), {"quiet": True})]
)
def test_a_script_is_told_nothing(stream, options):
    with Stages("fit", 1, after=0.0, stream=stream, **options) as stage:
        stage("only")
    assert stream.getvalue() == ""


def test_a_short_job_shows_nothing():
    terminal = Terminal()
    with Stages("fit", 1, stream=terminal) as stage:
        stage("only")
    assert terminal.getvalue() == ""


def test_an_error_ends_it():
    stages = Stages("fit", 1, after=0.0, stream=Terminal())

    def fails():
        with stages as stage:
            stage("only")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert "stages" not in [thread.name for thread in threading.enumerate()]
