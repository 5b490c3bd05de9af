"""One browser for a module of tests."""

import pytest
from playwright.sync_api import sync_playwright
from tests.explorer.browsers import BROWSER


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield running
        running.close()
