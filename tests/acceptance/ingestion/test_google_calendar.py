"""Google Calendar over real HTTP: recurrence, exceptions that come alone, tokens that end, and exact events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.archive_operations import configure_archive
from ingestion.calendar_operations import CalendarError, connect_calendar, register_calendar
from ingestion.models import Calendar, CalendarEvent, CalendarSeries
from ingestion.providers.errors import ConsentRevokedError, MailboxUnavailableError
from ingestion.tasks import archive_calendar, sync_calendar
from jobs.here import run_here
from jobs.states import State
from jobs.testing import result_of
from tests.calendars import vcalendar, vevent
from tests.consents import calendar_at, fetch_tokens_from
from tests.doubles.google_calendar import ARCHIVE, GoogleCalendarServer, starts_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-12")]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEKLY = vevent(
    "weekly", "20261001T090000", "20261001T100000", RRULE="FREQ=WEEKLY", EXDATE="20261015T090000", CLASS="PRIVATE"
)
MOVED = vevent("weekly", "20261030T110000", "20261030T120000", RECURRENCE_ID="20261029T090000", SUMMARY="Moved")
GONE = vevent("weekly", "20261105T090000", RECURRENCE_ID="20261105T090000", STATUS="CANCELLED")
PAST = vevent("past", "20261020T140000Z", "20261020T150000Z", CLASS="PRIVATE", LOCATION="Room 5")


@pytest.fixture
def server(settings: Any) -> Iterator[GoogleCalendarServer]:
    with GoogleCalendarServer() as running, time_machine.travel(NOW, tick=True):
        fetch_tokens_from(running, settings)
        yield running


@pytest.fixture
def calendar(server: GoogleCalendarServer) -> Calendar:
    return calendar_at(server)


def at(text: str) -> dict[str, str]:
    return {"dateTime": f"{text}+01:00", "timeZone": "Europe/Zurich"}


def hour(day: str, start: int = 9) -> dict[str, Any]:
    return {"start": at(f"{day}T{start:02}:00:00"), "end": at(f"{day}T{start + 1:02}:00:00")}


def counts(**given: int) -> dict[str, int]:
    return {"fetched": 0, "created": 0, "updated": 0, "removed": 0, "broken": 0, **given}


def weekly(server: GoogleCalendarServer) -> None:
    summer = {"start": {"dateTime": "2026-10-01T09:00:00+02:00", "timeZone": "Europe/Zurich"}}
    summer["end"] = {"dateTime": "2026-10-01T10:00:00+02:00", "timeZone": "Europe/Zurich"}
    server.put("weekly", summary="Weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=8"], visibility="private", **summer)


def test_what_changes_there_changes_here(server: GoogleCalendarServer, calendar: Calendar) -> None:
    for n in range(25):
        server.put(f"e{n}", summary=f"Event {n}", **hour("2026-12-01"))
    weekly(server)
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=26, created=33)
    assert sync_calendar(calendar_id=calendar.pk) == counts()
    server.put("e1", summary="Changed")
    server.delete("e2")
    moved = {"recurringEventId": "weekly", "iCalUID": "weekly@google.com"}
    server.put(
        "weekly_x", summary="Moved", originalStartTime=at("2026-11-05T09:00:00"), **moved, **hour("2026-11-06", 15)
    )
    server.put("weekly_y", status="cancelled", originalStartTime=at("2026-11-12T09:00:00"), **moved)
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=4, updated=3, removed=1)
    events = CalendarEvent.objects.filter(uid="weekly@google.com").order_by("occurrence")
    assert [(event.occurrence, event.starts_at.hour, event.status) for event in events[:4]] == [
        ("20261001T070000Z", 7, "confirmed"),
        ("20261008T070000Z", 7, "confirmed"),
        ("20261015T070000Z", 7, "confirmed"),
        ("20261022T070000Z", 7, "confirmed"),
    ]
    assert [(event.title, event.status, event.is_exception) for event in events[4:]] == [
        ("Weekly", "confirmed", False),
        ("Moved", "confirmed", True),
        ("Weekly", "cancelled", True),
        ("Weekly", "confirmed", False),
    ]
    assert events.filter(is_private=True).count() >= 6
    assert CalendarSeries.objects.filter(calendar=calendar).count() == 25


def test_a_token_that_ended_means_everything_and_what_is_gone_goes(
    server: GoogleCalendarServer, calendar: Calendar
) -> None:
    for n in range(12):
        server.put(f"e{n}", summary=f"Event {n}", **hour("2026-12-01"))
    sync_calendar(calendar_id=calendar.pk)
    server.delete("e0")
    server.put("day", summary="Day", start={"date": "2026-12-24"}, end={"date": "2026-12-26"})
    server.forget_tokens()
    sync_calendar(calendar_id=calendar.pk)
    assert sorted(CalendarEvent.objects.values_list("title", flat=True)) == sorted(
        [*(f"Event {n}" for n in range(1, 12)), "Day"]
    )
    day = CalendarEvent.objects.get(title="Day")
    assert (day.is_all_day, (day.ends_at - day.starts_at).days) == (True, 2)


def test_a_full_sync_that_was_cut_off_is_made_good_by_the_next(
    server: GoogleCalendarServer, calendar: Calendar
) -> None:
    for n in range(25):
        server.put(f"e{n}", summary=f"Event {n}", **hour("2026-12-01"))
    sync_calendar(calendar_id=calendar.pk)
    CalendarSeries.objects.get(provider_key="e24").delete()
    server.break_at(2, part="/events")
    with pytest.raises(MailboxUnavailableError):
        sync_calendar(calendar_id=calendar.pk, full=True)
    assert sync_calendar(calendar_id=calendar.pk)["created"] == 1
    assert CalendarEvent.objects.count() == 25


def test_people_come_along_and_a_withdrawn_consent_stops_it(server: GoogleCalendarServer, calendar: Calendar) -> None:
    people = [{"email": "Bob@x.org", "displayName": "Bob", "responseStatus": "accepted"}, {"email": "c@x.org"}]
    server.put("e", summary="Talk", attendees=people, organizer={"email": "bob@x.org"}, **hour("2026-12-01"))
    sync_calendar(calendar_id=calendar.pk)
    event = CalendarEvent.objects.get()
    assert event.attendees == [
        {"name": "Bob", "address": "bob@x.org", "answer": "accepted"},
        {"name": "", "address": "c@x.org", "answer": "none"},
    ]
    server.tokens.end()
    server.tokens.is_withdrawn = True
    with pytest.raises(ConsentRevokedError):
        sync_calendar(calendar_id=calendar.pk)
    calendar.refresh_from_db()
    assert (calendar.is_active, calendar.disabled_reason) == (False, "the consent was withdrawn")
    stranger = User.objects.create_user("ben")
    assert calendar.consent
    with pytest.raises(CalendarError):
        connect_calendar(stranger, consent=calendar.consent)


@pytest.mark.req("AA-1")
def test_an_archive_at_google_is_the_same_after_three_runs(
    server: GoogleCalendarServer, calendar: Calendar, tmp_path: Path
) -> None:
    (tmp_path / "source.ics").write_text(vcalendar(WEEKLY, MOVED, GONE, PAST))
    source, _ = register_calendar(calendar.owner, ics=tmp_path / "source.ics", zone="Europe/Zurich")
    assert calendar.consent
    target = connect_calendar(calendar.owner, consent=calendar.consent, name=ARCHIVE, base_url=server.base_url)
    archive = configure_archive(calendar.owner, source=source, target=target, zone="Europe/Zurich")
    wanted = {"configuration_id": archive.pk, "first": "2026-10-05", "last": "2026-11-15"}
    first = run_here(archive_calendar, wanted)
    assert (first.state, result_of(first)["copied"]) == (State.SUCCESS, 5), first.error_message
    once, writes = dict(server.archive.events), server.archive.writes
    for _ in range(2):
        assert result_of(run_here(archive_calendar, wanted))["already"] == 5
    assert (server.archive.events, server.archive.writes) == (once, writes)
    weekly = next(event for event in once.values() if event.get("iCalUID") == "weekly")
    moved = next(event for key, event in once.items() if "_" in key)
    # The rule gives the moved one, too, at its original time; 9:00 in Zurich stays 9:00 over the change of clocks.
    assert [f"{start:%m-%d %H}" for start in starts_of(weekly)] == ["10-08 07", "10-22 07", "10-29 08", "11-12 08"]
    assert (weekly["visibility"], weekly["start"]["timeZone"]) == ("private", "Europe/Zurich")
    assert (moved["summary"], moved["start"]["dateTime"]) == ("Moved", "2026-10-30T11:00:00+01:00")
    # What a killed run put but didn't note is put again, to the same end.
    archive.archived.all().delete()
    assert result_of(run_here(archive_calendar, wanted))["copied"] == 5
    assert server.archive.events == once
