"""Calendars from a real Radicale and from files: exact events whatever changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.calendar_operations import CalendarError, register_calendar, sync_calendars
from ingestion.calendars.opening import open_calendar
from ingestion.models import Calendar, CalendarEvent, CalendarSeries, Notice
from ingestion.tasks import ingest_calendar_events, sync_calendar
from jobs.here import run_here
from jobs.states import State
from jobs.testing import result_of
from tests.calendars import vcalendar, vevent
from tests.commands import jobs, jobs_json, refused
from tests.radicale import Radicale

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-12")]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEKLY = vevent("weekly", "20261015T090000", "20261015T100000", RRULE="FREQ=WEEKLY;COUNT=10")


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


def counts(**given: int) -> dict[str, int]:
    return {"fetched": 0, "created": 0, "updated": 0, "removed": 0, "broken": 0, **given}


def test_what_changes_on_the_server_changes_here_and_nothing_twice(radicale: Radicale, anna: User) -> None:
    calendar, _ = register_calendar(anna, caldav_url=radicale.make("steady"), zone="Europe/Zurich")
    for n in range(60):
        radicale.put("steady", f"e{n}", vcalendar(vevent(f"e{n}")))
    radicale.put("steady", "weekly", vcalendar(WEEKLY))
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=61, created=70)
    assert sync_calendar(calendar_id=calendar.pk) == counts()
    radicale.put("steady", "e1", vcalendar(vevent("e1", SUMMARY="Changed")))
    radicale.delete("steady", "e2")
    moved = vevent("weekly", "20261023T150000", RECURRENCE_ID="20261022T090000")
    radicale.put("steady", "weekly", vcalendar(WEEKLY.replace("COUNT=10", "COUNT=9"), moved))
    kept = CalendarEvent.objects.get(uid="e1").pk
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=3, updated=2, removed=2)
    assert CalendarEvent.objects.get(pk=kept).title == "Changed"
    assert CalendarEvent.objects.get(is_exception=True).starts_at == datetime(2026, 10, 23, 13, tzinfo=UTC)
    assert CalendarEvent.objects.filter(uid="weekly").count() == 9
    radicale.forget_tokens()
    radicale.delete("steady", "e3")
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=1, removed=1)
    assert sync_calendar(calendar_id=calendar.pk, full=True) == counts()
    assert CalendarEvent.objects.count() == 58 + 9


def test_a_full_sync_that_is_killed_leaves_no_position_behind_what_it_has_not_read(
    radicale: Radicale, anna: User
) -> None:
    calendar, _ = register_calendar(anna, caldav_url=radicale.make("full"), zone="Europe/Zurich")
    radicale.put("full", "e1", vcalendar(vevent("e1")))
    sync_calendar(calendar_id=calendar.pk)
    calendar.refresh_from_db()
    first, last = open_calendar(calendar).changes(calendar.cursor, full=True, versions=lambda _keys: {})
    assert (first.cursor, last.cursor) == ({}, calendar.cursor)


def test_a_wrong_password_stops_the_calendar_and_is_told_once(radicale: Radicale, anna: User) -> None:
    url = radicale.make("locked").replace("right", "wrong-one")
    calendar, _ = register_calendar(anna, caldav_url=url)
    (run,) = sync_calendars(anna)
    assert (run.state, run.attempt, run.error_kind) == (State.FAILED, 1, "AccessRefusedError")
    calendar.refresh_from_db()
    assert (calendar.is_active, calendar.disabled_reason) == (False, "the provider refused the credentials")
    assert sync_calendars(anna) == []
    assert Notice.objects.get().owner == anna
    assert "wrong-one" not in f"{calendar.last_error}{calendar.location}{run.error_message}{run.attempts}"


def test_a_server_that_is_gone_costs_nothing(radicale: Radicale, anna: User) -> None:
    calendar, _ = register_calendar(anna, caldav_url=radicale.make("away"))
    radicale.put("away", "a", vcalendar(vevent("a")))
    sync_calendar(calendar_id=calendar.pk)
    radicale.kill()
    with pytest.raises(Exception, match="ConnectError"):
        sync_calendar(calendar_id=calendar.pk)
    radicale.start()
    radicale.put("away", "b", vcalendar(vevent("b")))
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=1, created=1)


def test_a_file_is_read_again_when_it_changed(anna: User, tmp_path: Path) -> None:
    path = tmp_path / "mine.ics"
    broken = vevent("broken", "20000101T000000Z", RRULE="FREQ=SECONDLY")
    path.write_text(vcalendar(vevent("a"), WEEKLY, broken))
    calendar, _ = register_calendar(anna, ics=path)
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=3, created=11, broken=1)
    assert CalendarSeries.objects.get(uid="broken").error == "a rule that fires secondly, 1 times"
    assert sync_calendar(calendar_id=calendar.pk) == counts()
    path.write_text(vcalendar(vevent("a", "20261202T090000"), broken))
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=2, updated=1, removed=10)
    assert CalendarEvent.objects.get().starts_at == datetime(2026, 12, 2, 8, tzinfo=UTC)


def test_the_window_moves_on_and_the_past_stays(anna: User, tmp_path: Path) -> None:
    path = tmp_path / "mine.ics"
    path.write_text(vcalendar(vevent("daily", "20260101T090000Z", RRULE="FREQ=DAILY")))
    calendar, _ = register_calendar(anna, ics=path)
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=1, created=90 + 365)
    with time_machine.travel(datetime(2027, 1, 22, 12, tzinfo=UTC)):
        assert sync_calendar(calendar_id=calendar.pk) == counts(created=61)
    starts = CalendarEvent.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert (starts[0], len(starts)) == (datetime(2026, 8, 24, 9, tzinfo=UTC), 90 + 365 + 61)


def test_all_calendars_are_synced_by_one_run_each(anna: User, tmp_path: Path) -> None:
    ben = User.objects.create_user("ben")
    for owner, name in ((anna, "a"), (ben, "b"), (ben, "gone")):
        (tmp_path / name).write_text(vcalendar(vevent(name)))
        register_calendar(owner, ics=tmp_path / name)
    (tmp_path / "gone").unlink()
    run = run_here(ingest_calendar_events, {})
    result = result_of(run)
    assert (run.state, result["calendars"], result["children"]["states"]) == (
        State.SUCCESS,
        3,
        {"SUCCESS": 2, "FAILED": 1},
    )
    assert set(CalendarEvent.objects.values_list("owner__username", "uid")) == {("anna", "a"), ("ben", "b")}
    assert [bool(calendar.last_error) for calendar in Calendar.objects.order_by("pk")] == [False, False, True]


@pytest.mark.req("PW-5")
def test_the_command_line_registers_and_syncs(anna: User, tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_text(vcalendar(vevent("a")))
    words = ("sync", "calendars", "--user", "anna")
    assert jobs(*words, "--ics", str(tmp_path / "a.ics")).splitlines()[-1] == "1 calendar(s): 1 fetched, 1 created"
    assert jobs_json(*words)["calendars"][0]["state"] == "SUCCESS"
    (tmp_path / "a.ics").unlink()
    assert refused(*words)[0] == 1
    assert refused(*words, "--ics", "/nowhere.ics") == (2, "/nowhere.ics is no file.")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({}, "Name one calendar"),
        ({"ics": Path("/nowhere.ics")}, "/nowhere.ics is no file"),
        ({"caldav_url": "http://a:hunter2@example.org/c/"}, "must begin with https"),
        ({"caldav_url": "https://a:hunter2@[x"}, "bad port or host"),
        ({"caldav_url": "https://x.org/", "zone": "Mars/Base"}, "no zone 'Mars/Base'"),
    ],
    ids=["nothing", "no-file", "http", "bad-url", "zone"],
)
def test_bad_places_are_refused_and_no_password_is_quoted(anna: User, place: dict[str, str], said: str) -> None:
    with pytest.raises(CalendarError, match=said) as refusal:
        register_calendar(anna, **place)  # type: ignore[arg-type]
    assert "hunter2" not in str(refusal.value)
    assert not Calendar.objects.exists()
