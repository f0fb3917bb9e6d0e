"""Reads the pages of docs/ as data: their code blocks and tables, so that tests can hold them to what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import current_app

from jobs import registry

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[str]:
    """Return the page's Python blocks, each below empty lines that make its errors name the page's lines."""
    text = (ROOT / page).read_text()
    return ["\n" * text.count("\n", 0, found.start(1)) + found[1] for found in _BLOCK.finditer(text)]


def executed(page: str) -> dict[str, Any]:
    """Return the names that the page's Python blocks define, executed in order as one module."""
    names: dict[str, Any] = {"__name__": f"the examples of {page}"}
    for block in blocks(page):
        exec(compile(block, page, "exec"), names)
    return names


@contextmanager
def jobs_of_its_own() -> Iterator[None]:
    """Let a page define jobs: other tests' are set aside meanwhile, and the page's are gone afterwards."""
    registry.registered()
    before = dict(current_app.tasks)
    for name in [name for name, task in before.items() if task.__module__.startswith("tests.")]:
        current_app.tasks.pop(name)
    yield
    for name in set(current_app.tasks) - set(before):
        current_app.tasks.pop(name)
    current_app.tasks.update(before)


def tables(page: str, *, heading: str) -> list[dict[str, str]]:
    """Return the rows of every table of the page whose first column is called `heading`, by column name."""
    rows: list[dict[str, str]] = []
    columns: list[str] | None = None
    for line in (ROOT / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else None
        if cells is None:
            columns = None
        elif columns is None:
            columns = cells
        elif columns[0] == heading and set(cells[0]) != {"-"}:
            rows.append(dict(zip(columns, cells, strict=True)))
    return rows
