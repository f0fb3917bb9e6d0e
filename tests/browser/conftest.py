"""A page of the test's own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.plugins.browser import visited


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Open a page with cookies of its own; the test fails when it complained or asked another host."""
    with visited(browser, live_server.url) as page:
        yield page
