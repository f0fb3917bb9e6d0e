"""Triggers that journal every edit of a schedule, whoever makes it: the admin, queryset.update() or SQL by hand.

They write one row of jobs_scheduleedit per schedule concerned, in the transaction of the edit; beat plans what it finds
there. Only what changes fire times counts, not what beat itself writes.
"""

from __future__ import annotations

from typing import Any

SCHEDULE = "django_celery_beat_periodictask"
PLAN = "jobs_scheduleplan"
JOURNAL = "jobs_scheduleedit"
_OF_A_SCHEDULE = (
    *("enabled", "interval_id", "crontab_id", "clocked_id", "solar_id", "start_time", "expires", "one_off"),
    *("task", "args", "kwargs", "queue"),
)
_OF_A_PLAN = ("end_at",)
_SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
_RULES = {
    "django_celery_beat_intervalschedule": "interval_id",
    "django_celery_beat_crontabschedule": "crontab_id",
    "django_celery_beat_clockedschedule": "clocked_id",
    "django_celery_beat_solarschedule": "solar_id",
}
_TRIGGERS = {
    "daybook_schedule_added": (SCHEDULE, "INSERT", (), "id"),
    "daybook_schedule_edited": (SCHEDULE, "UPDATE", _OF_A_SCHEDULE, "id"),
    "daybook_plan_edited": (PLAN, "UPDATE", _OF_A_PLAN, "schedule_id"),
    **{
        f"daybook_{column.removesuffix('_id')}_edited": (table, "UPDATE", (), column)
        for table, column in _RULES.items()
    },
}


def install(connection: Any) -> None:
    """Create the triggers that are missing; does nothing on a database without its own kind here."""
    statements = {"postgresql": _on_postgres, "sqlite": _on_sqlite}.get(connection.vendor)
    if statements is None:
        return
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        if not {SCHEDULE, PLAN, JOURNAL} <= present:
            return
        known = _known(connection.vendor, cursor)
        for name in _TRIGGERS.keys() - known:
            for statement in statements(name):
                cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop the triggers on SQLite, which renames no table that a trigger elsewhere speaks of; migrations need that."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in _TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def missing(connection: Any) -> list[str]:
    """Return the names of the triggers that should be there and are not."""
    if connection.vendor not in {"postgresql", "sqlite"}:
        return []
    with connection.cursor() as cursor:
        return sorted(_TRIGGERS.keys() - _known(connection.vendor, cursor))


def _known(vendor: str, cursor: Any) -> set[str]:
    catalogue = {
        "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    }
    cursor.execute(catalogue[vendor])
    return {name for (name,) in cursor.fetchall()}


def _on_sqlite(name: str) -> list[str]:
    event, when = _head(name, "{} IS NOT {}")
    return [f"CREATE TRIGGER {name} AFTER {event}{when} BEGIN {_note(name, _SQLITE_NOW, no='0')}; END"]


def _on_postgres(name: str) -> list[str]:
    event, when = _head(name, "{} IS DISTINCT FROM {}")
    body = f"BEGIN {_note(name, 'clock_timestamp()', no='FALSE')}; RETURN NULL; END"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW{when} EXECUTE FUNCTION {name}()",
    ]


def _head(name: str, differs: str) -> tuple[str, str]:
    table, event, columns, _ = _TRIGGERS[name]
    if not columns:
        return f"{event} ON {table}", ""
    when = " OR ".join(differs.format(f"OLD.{each}", f"NEW.{each}") for each in columns)
    return f"{event} OF {', '.join(columns)} ON {table}", f" WHEN ({when})"


def _note(name: str, now: str, *, no: str) -> str:
    table, _, _, column = _TRIGGERS[name]
    resumes = "NOT OLD.enabled AND NEW.enabled" if name == "daybook_schedule_edited" else no
    concerned = f"id, {now}, {resumes} FROM {SCHEDULE} WHERE {column} = NEW.id"
    if table not in _RULES:
        concerned = f"NEW.{column}, {now}, {resumes}"
    return f"INSERT INTO {JOURNAL} (schedule_id, edited_at, is_resume) SELECT {concerned}"
