"""Migrations that a running installation bears: no long lock, no rewrite of a table, and the older release goes on.

What an installation bears is judged from each operation, for tables that were there before the migration.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation

from jobs.live_checks import WithoutChecksLive
from jobs.live_indexes import AddIndexLive, AddUniqueLive, RemoveIndexLive

# Up to these everything belongs to the first release, which no installation has migrated from.
FIRST_RELEASE = {"jobs": 6, "ingestion": 2, "notifications": 5}
# Tables of at most as many rows as there are workers, schedules or accounts: an index is built in no time.
SMALL = {"worker", "scheduleplan"}
# Constraints that an older release never relied on: where one was in its way, it went on without.
FORGOTTEN = {"reference_in_one_thread"}


def after_first_release() -> Iterator[Migration]:
    for (app, name), migration in sorted(loader().disk_migrations.items()):
        if int(name[:4]) > FIRST_RELEASE.get(app, 9999):
            yield migration


@cache
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def problems(migration: Migration) -> list[str]:
    """Return what in a migration an installation at work would not bear."""
    new = {op.name_lower for op in migration.operations if isinstance(op, migrations.CreateModel)}
    told = [_of_altered(op, migration) or _problem(op, new, atomic=migration.atomic) for op in migration.operations]
    return [problem for problem in told if problem]


def _of_altered(operation: Operation, migration: Migration) -> str:
    """Return what an altered field does to its column; nothing where the database hears nothing of it."""
    if not isinstance(operation, migrations.AlterField):
        return ""
    before = loader().project_state((migration.app_label, migration.name), at_end=False)
    old = before.models[migration.app_label, operation.model_name_lower].fields[operation.name]
    said = [_of_column(field) for field in (old, operation.field)]
    return (
        "" if said[0] == said[1] else f"AlterField of {operation.model_name_lower}.{operation.name} changes its column"
    )


def _of_column(field: Any) -> Any:
    _, path, _, given = field.deconstruct()
    return path, {name: value for name, value in given.items() if name not in field.non_db_attrs}


def _problem(operation: Operation, new: set[str], *, atomic: bool) -> str:
    table = getattr(operation, "model_name_lower", "")
    small = table in SMALL or table in new
    match operation:
        case (
            migrations.CreateModel() | migrations.AlterField() | migrations.AlterModelOptions() | migrations.RunPython()
        ):
            problem = ""
        case AddIndexLive() | RemoveIndexLive() | AddUniqueLive():
            problem = "builds an index concurrently inside a transaction" if atomic else ""
        case migrations.RemoveConstraint(name=name) if name in FORGOTTEN:
            problem = ""
        case WithoutChecksLive():
            problem = ""
        case migrations.AddIndex() | migrations.RemoveIndex():
            problem = "" if small else f"locks {table} while it builds or drops an index: use jobs.live_indexes"
        case migrations.AddConstraint():
            problem = "" if small else f"locks {table} while it checks every row for a constraint"
        case migrations.AddField():
            problem = "" if table in new else _of_added(operation.field, f"{table}.{operation.name}")
        case _:
            problem = f"{type(operation).__name__} of {table}: the older release would fail, or wait for a lock"
    return problem


def _of_added(field: Any, name: str) -> str:
    is_filled = field.null or field.has_db_default() or isinstance(field, models.ManyToManyField)
    if not is_filled:
        return f"{name} has neither null nor db_default: the older release can't insert"
    return f"{name} is indexed as it is added" if field.unique or field.db_index else ""


@pytest.mark.req("PL-5")
def test_a_running_installation_bears_every_migration() -> None:
    later = list(after_first_release())
    assert len(later) > 10
    assert {f"{each}": found for each in later if (found := problems(each))} == {}


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (migrations.AddField("run", "x", models.TextField(default="")), "neither null nor db_default"),
        (migrations.AddField("run", "x", models.TextField(null=True, db_index=True)), "indexed as it is added"),
        (migrations.AddIndex("run", models.Index(fields=["job"], name="x")), "while it builds"),
        (migrations.RemoveIndex("run", "run_due"), "while it builds or drops"),
        (migrations.RemoveField("run", "reason"), "RemoveField of run"),
        (migrations.RenameField("run", "reason", "why"), "RenameField of run"),
        (migrations.AlterField("run", "reason", models.TextField()), "AlterField of run.reason changes its column"),
        (migrations.DeleteModel("run"), "DeleteModel"),
        (AddIndexLive("run", models.Index(fields=["job"], name="x")), "inside a transaction"),
        (
            migrations.AddConstraint("run", models.CheckConstraint(condition=models.Q(attempt__gte=0), name="x")),
            "checks every row",
        ),
    ],
)
def test_what_it_would_not_bear_is_found(operation: Operation, said: str) -> None:
    migration = loader().disk_migrations["jobs", "0015_rescued_runs"]
    found = problems(type("Another", (Migration,), {"operations": [operation]})(migration.name, "jobs"))
    assert len(found) == 1
    assert said in found[0]
