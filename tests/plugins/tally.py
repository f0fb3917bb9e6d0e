"""Knows which tests need a database or a broker: picks them (--needing), and counts what passed (--tally FILE).

What needs either is repeated on each server of that kind, once, unless it concerns the one-machine set-up only
("embedded") or is decided without the back end ("anywhere").
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

DATABASE_FIXTURES = {"db", "transactional_db", "migrated_database", "live_server"}
ONCE = ("embedded", "anywhere")
BROKER_FIXTURES = {"broker", "running_broker"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addoption("--needing", choices=["database", "broker"], help="run only the tests that need this back end")
    parser.addoption(
        "--not-needing", choices=["database", "broker"], help="of those, only the tests that do without this one"
    )
    parser.addoption("--tally", type=Path, help="write the counts of the run to this file, as JSON")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note each test's needs, and keep only the ones asked for."""
    for item in items:
        item.user_properties.extend(("needs", need) for need in needs(item))
    wanted, unwanted = config.getoption("--needing"), config.getoption("--not-needing")
    if not wanted:
        return
    kept = [
        i for i in items if wanted in needs(i) and unwanted not in needs(i) and not any(map(i.get_closest_marker, ONCE))
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def needs(item: pytest.Item) -> set[str]:
    """Return which of "database" and "broker" the test uses."""
    fixtures = set(getattr(item, "fixturenames", ()))
    found = set()
    if item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES:
        found.add("database")
    if item.get_closest_marker("broker") or fixtures & BROKER_FIXTURES:
        found.add("broker")
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Count in the one process that sees every report."""
    path = config.getoption("--tally")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Tally(path))


class _Tally:
    """Outcomes; of the tests that passed also needs and what they measured (record_property("figure", ...))."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[str] = Counter()
        self._figures: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._counts["failed"] += 1
        elif report.skipped:
            self._counts["skipped"] += 1
        elif report.when == "call":
            self._counts["passed"] += 1
            self._counts.update(str(need) for name, need in report.user_properties if name == "needs")
            self._figures += [str(figure) for name, figure in report.user_properties if name == "figure"]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._counts["failed"] += report.failed

    def pytest_sessionfinish(self) -> None:
        self._path.write_text(json.dumps({"counts": self._counts, "figures": self._figures}))
