"""docs/guarantees.md and docs/threat_model.md name tests that exist, and says of every promise whether it is proven."""

from __future__ import annotations

import re

import pytest

from tests.pages import ROOT, tables

PAGE = "docs/guarantees.md"
PROMISES = tables(PAGE, heading="promise")
PAGES = (PAGE, "docs/threat_model.md")
TEXT = "".join((ROOT / page).read_text() for page in PAGES)
NODES = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", TEXT)))


@pytest.mark.parametrize("node", NODES)
def test_every_test_that_the_page_names_exists(node: str) -> None:
    path, _, name = node.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: re.sub(r"\W+", "-", row["promise"])[:60])
def test_every_promise_is_proven_or_said_not_to_be(row: dict[str, str]) -> None:
    assert "::" in row["proven by"] or "not yet proven" in row["proven by"]


def test_the_page_has_promises() -> None:
    assert len(PROMISES) > 20
