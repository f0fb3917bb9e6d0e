"""The Python on docs/writing_jobs.md runs, and what its examples assert is so."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pages import ROOT, executed, jobs_of_its_own

PAGE = "docs/writing_jobs.md"
EXAMPLES = re.findall(r"^def (test_\w+)", (ROOT / PAGE).read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> Iterator[dict[str, Any]]:
    with jobs_of_its_own():
        yield executed(PAGE)


@pytest.mark.django_db
@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.req("PL-1", "SW-1")
def test_the_page_shows_what_is_so(page: dict[str, Any], example: str, request: pytest.FixtureRequest) -> None:
    function = page[example]
    function(**{name: request.getfixturevalue(name) for name in inspect.signature(function).parameters})


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == len(set(EXAMPLES)) >= 10
