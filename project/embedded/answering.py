"""Whether the processes that people look at answer already."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

from jobs import health
from project.embedded.programs import HOST
from project.environment import Environment

TIMEOUT_SECONDS = 5


def until_all_answer(environment: Environment) -> Iterator[str]:
    """Yield what is awaited until web and Flower answer and work goes through."""
    for name, url in (
        ("web", f"http://{HOST}:{environment.port}/healthz"),
        ("flower", f"http://{HOST}:{environment.flower_port}/healthcheck"),
    ):
        while not _answers(url):
            yield name
    while not health.is_ready(checks := health.report()):
        yield ", ".join(check.problem for check in checks.values() if not check.ok)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
