"""archive_calendar onto a real Radicale and into a file: three times is once, over the change of the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.archive_operations import ArchiveError, configure_archive, run_archives
from ingestion.calendar_operations import register_calendar
from ingestion.models import ArchiveConfiguration, ArchivedOccurrence
from ingestion.tasks import archive_calendar
from jobs.here import run_here
from jobs.models.run import Cause
from jobs.states import State
from jobs.testing import result_of
from tests.calendars import vcalendar, vevent
from tests.commands import jobs, jobs_json, refused
from tests.radicale import Radicale

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("AA-1")]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEKLY = vevent(
    "weekly", "20261001T090000", "20261001T100000", RRULE="FREQ=WEEKLY", EXDATE="20261015T090000", CLASS="PRIVATE"
)
MOVED = vevent("weekly", "20261030T110000", "20261030T120000", RECURRENCE_ID="20261029T090000", SUMMARY="Moved")
GONE = vevent("weekly", "20261105T090000", RECURRENCE_ID="20261105T090000", STATUS="CANCELLED")
PAST = vevent("past", "20261020T140000Z", "20261020T150000Z", CLASS="PRIVATE", LOCATION="Room 5")
AHEAD = vevent("ahead", "20261201T140000Z", "20261201T150000Z")
TWIN = PAST.replace("UID:past", "UID:twin").replace("SUMMARY:Event past", "SUMMARY: event  PAST")
DAYS = {"first": "2026-10-05", "last": "2026-11-15"}


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.ics"
    path.write_text(vcalendar(WEEKLY, MOVED, GONE, PAST, AHEAD, TWIN))
    return path


def configured(anna: User, source: Path, **target: object) -> ArchiveConfiguration:
    calendar, _ = register_calendar(anna, ics=source, zone="Europe/Zurich")
    archive, _ = register_calendar(anna, is_archive=True, zone="Europe/Zurich", **target)  # type: ignore[arg-type]
    return configure_archive(anna, source=calendar, target=archive, zone="Europe/Zurich")


def counts(**given: int) -> dict[str, int]:
    return {"found": 0, "copied": 0, "already": 0, "twins": 0, "unreadable": 0, **given}


def test_three_times_is_once(radicale: Radicale, anna: User, source: Path) -> None:
    archive = configured(anna, source, caldav_url=radicale.make("archive"))
    first = run_here(archive_calendar, {"configuration_id": archive.pk, **DAYS})
    assert (first.state, result_of(first)) == (State.SUCCESS, counts(found=6, copied=5, twins=1)), first.error_message
    once = radicale.read("archive")
    for _ in range(2):
        again = run_here(archive_calendar, {"configuration_id": archive.pk, **DAYS})
        assert result_of(again) == counts(found=6, already=5, twins=1)
        assert radicale.read("archive") == once
    assert sorted(archive.archived.values_list("uid", "occurrence")) == [
        ("past", ""),
        ("weekly", "20261008T070000Z"),
        ("weekly", "20261022T070000Z"),
        ("weekly", "20261029T080000Z"),
        ("weekly", "20261112T080000Z"),
    ]
    assert once.count("BEGIN:VEVENT") == 3
    assert once.count("CLASS:PRIVATE") == 2
    assert "RRULE:FREQ=WEEKLY;UNTIL=20261112T080000Z" in once
    assert "LOCATION:Room 5" in once
    assert "Moved" in once
    assert "ahead" not in once


def test_a_further_range_adds_and_a_change_is_copied_and_nothing_is_taken_back(anna: User, source: Path) -> None:
    target = source.with_name("archive.ics")
    archive = configured(anna, source, ics=target)
    run_here(archive_calendar, {"configuration_id": archive.pk, "first": "2026-10-05", "last": "2026-10-22"})
    assert archive.archived.count() == 3
    source.write_text(vcalendar(WEEKLY.replace("Event weekly", "Better name"), MOVED, GONE, AHEAD))
    (run,) = run_archives(anna, cause=Cause.CODE)
    assert result_of(run) == counts(found=3, copied=3)
    text = target.read_text()
    assert ("Better name" in text, "Event past" in text, "20261008T090000" in text) == (True, True, True)
    archive.refresh_from_db()
    assert (archive.last_archived_at is not None, archive.last_error) == (True, "")


def test_a_process_that_dies_between_copy_and_note_copies_again_and_the_archive_is_the_same(
    anna: User, source: Path
) -> None:
    target = source.with_name("archive.ics")
    archive = configured(anna, source, ics=target)
    run_here(archive_calendar, {"configuration_id": archive.pk, **DAYS})
    once = target.read_text()
    ArchivedOccurrence.objects.filter(uid="past").delete()
    run = run_here(archive_calendar, {"configuration_id": archive.pk, **DAYS})
    assert result_of(run)["copied"] == 1
    assert target.read_text() == once


def test_a_failure_is_kept_with_the_archive(anna: User, source: Path) -> None:
    archive = configured(anna, source, ics=source.with_name("archive.ics"))
    source.unlink()
    run = run_here(archive_calendar, {"configuration_id": archive.pk})
    archive.refresh_from_db()
    assert (run.state, run.attempt) == (State.FAILED, 1)
    assert archive.last_error.startswith("MailboxMissingError")


@pytest.mark.parametrize(
    "days", [{"first": "2026-11-10", "last": "2026-11-01"}, {"first": "tomorrow"}], ids=["backwards", "no-day"]
)
def test_a_senseless_range_and_another_users_archive_are_refused(
    anna: User, source: Path, days: dict[str, str]
) -> None:
    archive = configured(anna, source, ics=source.with_name("archive.ics"))
    ben = User.objects.create_user("ben")
    for more in (days, {"user_id": ben.pk}):
        run = run_here(archive_calendar, {"configuration_id": archive.pk, **more})
        assert (run.state, run.attempt, run.error_kind) == (State.FAILED, 1, "PermanentError")
    with pytest.raises(ArchiveError, match="user's own"):
        configure_archive(ben, source=archive.source, target=archive.target)
    assert not ArchivedOccurrence.objects.exists()


@pytest.mark.req("AA-4")
def test_the_command_line_schedules_runs_shows_and_removes(anna: User, source: Path) -> None:
    calendar, _ = register_calendar(anna, ics=source, zone="Europe/Zurich")
    words = ("--source", str(calendar.pk), "--target", str(source.with_name("archive.ics")), "--at", "06:30")
    told = jobs("archive", "schedule", "--user", "anna", *words, "--weekday", "mon", "--zone", "Europe/Zurich")
    archive = ArchiveConfiguration.objects.get()
    assert told == f"scheduled: archive_calendar {archive.pk}\n"
    assert jobs("archive", "schedule", "--user", "anna") == "every archive has its schedule\n"
    ran = jobs_json("archive", "run", "--user", "anna", "--first", "2026-10-05", "--last", "2026-11-15")
    assert ran["totals"]["copied"] == 5
    (shown,) = jobs_json("archive", "status", "--user", "anna")
    assert (shown["archived"], shown["schedule"], shown["enabled"]) == (5, f"archive_calendar {archive.pk}", True)
    assert refused("archive", "remove", "--user", "anna")[0] == 2
    assert jobs("archive", "remove", "--user", "anna", "--yes") == "1 removed\n"
    assert jobs_json("archive", "status", "--user", "anna")[0]["schedule"] == "none"
    assert refused("archive", "run", "--user", "nobody")[0] == 2
