"""Every active archive gets its schedule, by command and when a beat starts; those in trouble are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from celery import signals
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django_celery_beat.models import PeriodicTask

from ingestion import starting
from ingestion.archive_operations import configure_archive, schedule_all_archives
from ingestion.calendar_operations import register_calendar
from ingestion.models import ArchiveConfiguration
from jobs import operations, queries, tokens
from jobs.models.run import Cause
from jobs.models.token import Scope
from jobs.operations.schedule_record import Asker
from tests.calendars import vcalendar
from tests.commands import jobs, jobs_json, refused
from tests.rows import NOON, saved_run

pytestmark = pytest.mark.django_db
BY = Asker(cause=Cause.CODE)


def archive_of(name: str, folder: Path, **changes: Any) -> ArchiveConfiguration:
    owner, _ = User.objects.get_or_create(username=name)
    path = folder / f"{name}.ics"
    path.write_text(vcalendar())
    source, _ = register_calendar(owner, ics=path)
    target, _ = register_calendar(owner, ics=folder / f"{name}-archive.ics", is_archive=True)
    return configure_archive(owner, source=source, target=target, **changes)


def schedules() -> dict[str, str]:
    return dict(PeriodicTask.objects.filter(task="archive_calendar").values_list("plan__owner__username", "name"))


@pytest.mark.req("AA-2", "AA-3")
def test_every_active_archive_of_every_active_user_gets_its_schedule_once(tmp_path: Path) -> None:
    anna = archive_of("anna", tmp_path, hour=6, minute=30, zone="Europe/Zurich")
    ben = archive_of("ben", tmp_path, frequency="weekly", weekday=6)
    archive_of("carl", tmp_path, is_active=False)
    User.objects.filter(pk=archive_of("dora", tmp_path).owner_id).update(is_active=False)
    told = jobs("archive", "schedule", "--all")
    assert told == f"scheduled: archive_calendar {anna.pk}\nscheduled: archive_calendar {ben.pk}\n"
    assert schedules() == {"anna": f"archive_calendar {anna.pk}", "ben": f"archive_calendar {ben.pk}"}
    rules = [str(queries.find_schedule(name).crontab) for name in schedules().values()]
    assert rules == ["30 6 * * * (m/h/dM/MY/d) Europe/Zurich", "0 2 * * 0 (m/h/dM/MY/d) UTC"]
    assert jobs("archive", "schedule", "--all") == "every archive has its schedule\n"


@pytest.mark.req("AA-3")
def test_one_user_with_too_many_schedules_keeps_no_other_from_theirs(tmp_path: Path, settings: Any) -> None:
    archive_of("anna", tmp_path)
    archive_of("ben", tmp_path)
    settings.DAYBOOK = {**settings.DAYBOOK, "schedules_per_user": 1}
    operations.schedule_for_user(User.objects.get(username="anna"), job="ingest_emails", hour=1, minute=0, by=BY)
    code, said = refused("archive", "schedule", "--all")
    assert (code, list(schedules())) == (1, ["ben"])
    assert "anna has 1 schedules, and 1 is the most a user may have" in said
    assert refused("archive", "schedule", "--all", "--user", "anna")[0] == 2


@pytest.mark.req("AA-3")
@pytest.mark.parametrize("wanted", [True, False])
def test_a_beat_that_starts_makes_them_where_the_setting_says_so(tmp_path: Path, settings: Any, wanted: bool) -> None:
    archive_of("anna", tmp_path)
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "archive_schedules_at_start": wanted}
    for _ in range(2):
        signals.beat_init.send(sender=None)
    assert len(schedules()) == wanted


@pytest.mark.req("AA-3")
def test_a_database_that_is_away_keeps_no_beat_from_starting(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise OperationalError("away")

    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "archive_schedules_at_start": True}
    monkeypatch.setattr(starting, "schedule_all_archives", away)
    signals.beat_init.send(sender=None)


@pytest.mark.req("AA-6")
def test_archives_without_a_schedule_and_those_that_keep_failing_are_named(tmp_path: Path) -> None:
    assert jobs("archive", "health") == "each archive has its schedule, none keeps failing\n"
    failing, well = archive_of("anna", tmp_path), archive_of("carl", tmp_path)
    schedule_all_archives(by=BY)
    lacking = archive_of("ben", tmp_path)
    ArchiveConfiguration.objects.filter(pk__in=[failing.pk, well.pk]).update(last_error="OSError: no disk")
    for name, states in (("anna", ["SUCCESS", "FAILED", "FAILED"]), ("carl", ["FAILED", "SUCCESS", "FAILED"])):
        schedule = queries.find_schedule(schedules()[name])
        for state in states:
            saved_run(job="archive_calendar", state=state, schedule=schedule, finished_at=NOON)
    code, said = refused("archive", "health")
    assert (code, said.splitlines()[0]) == (1, f"archive_calendar {lacking.pk} of ben: no schedule runs it")
    assert f"archive_calendar {failing.pk} of anna: keeps failing: OSError: no disk" in said
    assert "of carl" not in said
    found = {each["part"]: each for each in jobs_json_of_doctor()}["archives"]
    assert not found["ok"] and "of ben: no schedule runs it" in found["found"]


def jobs_json_of_doctor() -> list[dict[str, Any]]:
    """Return what the API's doctor finds."""
    staff = User.objects.create_superuser("staff")
    _, secret = tokens.make(user=staff, name="t", scopes=Scope.values, days=1, now=NOON.replace(year=2100))
    answer = Client().get("/api/v1/doctor", headers={"Authorization": f"Bearer {secret}"})
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.req("AA-2", "AA-5")
def test_users_schedule_the_archiving_of_their_own_calendars_only(tmp_path: Path) -> None:
    archive = archive_of("anna", tmp_path)
    ben = User.objects.create_user("ben")
    made = operations.schedule_for_user(
        ben,
        job="archive_calendar",
        hour=6,
        minute=0,
        weekday="mon",
        zone="Asia/Tokyo",
        kwargs={"configuration_id": archive.pk, "user_id": archive.owner_id},
        by=Asker(cause=Cause.API, user=ben),
    )
    run = operations.run_schedule_now(made, by=Asker(cause=Cause.API, user=ben))
    assert run.kwargs == {"configuration_id": archive.pk, "user_id": ben.pk}
    assert jobs_json("archive", "status", "--user", "ben") == []


@pytest.mark.req("AA-6")
def test_the_admin_shows_each_archive_with_its_schedule_or_that_there_is_none(
    tmp_path: Path, admin_client: Client
) -> None:
    archive = archive_of("anna", tmp_path)
    (schedule,), _ = schedule_all_archives(by=BY)
    archive_of("ben", tmp_path)
    page = admin_client.get("/admin/ingestion/archiveconfiguration/").content.decode()
    assert f"archive_calendar {archive.pk}" in page
    assert f"/admin/django_celery_beat/periodictask/{schedule.pk}/change/" in page
