"""The browser that pages are tested in.

`.ci/run` sees to it that there is a Chromium; elsewhere these tests run where one is installed.
"""

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

_FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
needs_browser = pytest.mark.skipif(_FOUND is None, reason="there is no Chromium")


@contextmanager
def running_browser():
    """A browser that runs until the block ends."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_FOUND, args=["--no-sandbox"])
        yield running
        running.close()
