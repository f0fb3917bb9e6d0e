"""A real Chromium for the tests here, installed on first use; a page that complains or asks other hosts fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response

NAMES = ("chromium", "chromium-browser", "google-chrome")
# A crowded machine takes its time; a test that passes waits no longer for it.
PATIENCE_MILLISECONDS = 45_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def _installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> str:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("NO BROWSER TESTS: no Chromium here, and no apt-get to install it with")
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            pytest.skip(f"NO BROWSER TESTS: {' '.join(command)} failed: {done.stderr[-300:]}")
    path = _installed()
    assert path
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium for the tests of a module; others may not come between, for whom the loop would be in the way."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    path = _installed() or _install()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        # Playwright keeps an event loop in this thread; the tests' own database calls are none of its business.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        yield browser
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        browser.close()


class Witness:
    """What a page complained about and which hosts it asked."""

    def __init__(self, page: Page, own: str) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._own = own
        page.on("console", self._heard)
        page.on("pageerror", self._broke)
        page.on("request", self._asked)
        page.on("response", self._answered)

    @property
    def foreign(self) -> list[str]:
        """The requests that left for another host."""
        return [url for url in self.requests if not url.startswith((f"{self._own}/", "data:", "blob:"))]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _broke(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error.message}")

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")


@contextmanager
def visited(browser: Browser, address: str) -> Iterator[Page]:
    """Open a page with cookies of its own; leaving it fails when it complained or asked another host."""
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    witness = Witness(page, address)
    yield page
    context.close()
    assert witness.complaints == []
    assert witness.requests
    assert witness.foreign == []
