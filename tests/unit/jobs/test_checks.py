"""Databases that the engine can't work on are refused by name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from psycopg import IsolationLevel

from jobs.checks import isolation_levels, supported_databases
from project.environment import Environment


@pytest.mark.req("PL-4")
def test_a_database_that_is_not_supported_is_refused_by_the_system_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert supported_databases() == []
    monkeypatch.setattr(connections["default"], "vendor", "mysql")
    monkeypatch.setattr(type(connections["default"]), "display_name", "MariaDB")
    (found,) = supported_databases()
    assert found.id == "daybook.E005"
    assert found.msg.startswith("Database 'default' is MariaDB, ")
    assert found.msg.endswith("use PostgreSQL or SQLite.")


@pytest.mark.req("PL-4")
@pytest.mark.parametrize("level", IsolationLevel)
def test_an_isolation_level_under_which_processes_fail_each_other_is_refused(
    level: IsolationLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isolation_levels() == []
    monkeypatch.setattr(connections["default"], "vendor", "postgresql")
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", {"isolation_level": level})
    assert [found.id for found in isolation_levels()] == ["daybook.E007"] * (level > IsolationLevel.READ_COMMITTED)


@pytest.mark.req("PL-4")
@pytest.mark.parametrize("vendor", ["mysql", "sqlite"])
def test_what_other_databases_call_an_isolation_level_is_left_to_them(
    vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "vendor", vendor)
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", {"isolation_level": "serializable"})
    assert isolation_levels() == []


@pytest.mark.req("PL-4")
@pytest.mark.parametrize("url", ["mysql://root@127.0.0.1:3306/test", "oracle://a@127.0.0.1:1521/b"])
def test_the_url_of_a_database_that_is_not_supported_is_refused_before_its_driver_is_asked_for(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL is of \w+: Daybook needs PostgreSQL or SQLite.$"):
        Environment(database_url=url).database()


@pytest.mark.req("PL-4")
@pytest.mark.parametrize(
    "url", ["", "sqlite:////tmp/a.sqlite3", "postgres://a@127.0.0.1/b", "postgresql://a@127.0.0.1/b"]
)
def test_the_url_of_a_supported_database_is_taken(url: str) -> None:
    assert Environment(database_url=url).database()["ENGINE"]
