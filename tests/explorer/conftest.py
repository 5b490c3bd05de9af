"""One browser for a module of tests."""

import pytest
from tests.browsers import running_browser


@pytest.fixture(scope="module")
def browser():
    with running_browser() as running:
        yield running
