"""The fixtures that Daybook ships are switched on by who wants them."""

from __future__ import annotations

import tomllib

from project.environment import BASE_DIR


def test_no_pytest_loads_the_fixtures_unasked() -> None:
    # An entry point is loaded before pytest-django has set up Django, which models need: no test at all would run.
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    assert project.get("entry-points", {}) == {}
