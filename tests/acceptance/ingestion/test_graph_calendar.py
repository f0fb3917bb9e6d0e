"""Calendars of Microsoft 365 over real HTTP: series over the change of clocks, exceptions, links that end, kills."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.calendar_operations import CalendarError, connect_calendar
from ingestion.models import Calendar, CalendarEvent, CalendarSeries
from ingestion.providers.errors import ConsentRevokedError, MailboxUnavailableError
from ingestion.tasks import sync_calendar
from tests.consents import calendar_at, fetch_tokens_from
from tests.doubles.graph_calendar import GraphCalendarServer
from tests.doubles.tokens import ADDRESS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-12")]
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
ZURICH = ZoneInfo("Europe/Zurich")
# Over the 25th of October, when the clocks go back.
THURSDAYS = [datetime(2026, 10, 8, 9, tzinfo=ZURICH) + timedelta(weeks=n) for n in range(5)]
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["thursday"], "firstDayOfWeek": "sunday"},
    "range": {"type": "numbered", "startDate": "2026-10-08", "numberOfOccurrences": 5},
}


@pytest.fixture
def server(settings: Any) -> Iterator[GraphCalendarServer]:
    with GraphCalendarServer() as running, time_machine.travel(NOW, tick=True):
        fetch_tokens_from(running, settings)
        yield running


@pytest.fixture
def calendar(server: GraphCalendarServer) -> Calendar:
    return calendar_at(server)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=ZURICH)


def counts(**given: int) -> dict[str, int]:
    return {"fetched": 0, "created": 0, "updated": 0, "removed": 0, "broken": 0, **given}


def is_synced(calendar: Calendar, **arguments: Any) -> bool:
    try:
        sync_calendar(calendar_id=calendar.pk, **arguments)
    except MailboxUnavailableError:
        return False
    return True


def told() -> list[tuple[str, str, str]]:
    """Return (title, start, status) of all events, by start."""
    events = CalendarEvent.objects.order_by("starts_at", "title")
    return [(event.title, f"{event.starts_at:%m-%d %H:%M}", event.status) for event in events]


def test_what_changes_there_changes_here(server: GraphCalendarServer, calendar: Calendar) -> None:
    for n in range(25):
        server.put(f"e{n:02}", at(20), subject=f"Event {n}")
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=25, created=25)
    assert sync_calendar(calendar_id=calendar.pk) == counts()
    server.put("e01", at(20), subject="Changed")
    server.delete("e02")
    server.put("new", at(21), subject="New")
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=3, created=1, updated=1, removed=1)
    titles = {title for title, _, _ in told()}
    assert titles == {*(f"Event {n}" for n in range(25) if n not in {1, 2}), "Changed", "New"}


def test_a_series_keeps_its_hour_over_the_change_of_clocks_with_its_exceptions(
    server: GraphCalendarServer, calendar: Calendar
) -> None:
    server.put_series("weekly", THURSDAYS, WEEKLY, subject="Weekly", sensitivity="private")
    server.move("weekly.1", at(16, 15), subject="Moved", sensitivity="private")
    server.delete("weekly.3")
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=1, created=4)
    assert told() == [
        ("Weekly", "10-08 07:00", "confirmed"),
        ("Moved", "10-16 13:00", "confirmed"),
        ("Weekly", "10-22 07:00", "confirmed"),
        ("Weekly", "11-05 08:00", "confirmed"),
    ]
    assert set(CalendarEvent.objects.values_list("uid", "is_private", "zone")) == {
        ("uid-weekly", True, "Europe/Zurich")
    }
    assert CalendarEvent.objects.get(is_exception=True).occurrence == "20261015T070000Z"
    source = CalendarSeries.objects.get().source
    assert "RRULE:FREQ=WEEKLY" in source
    assert "EXDATE" in source


def test_an_occurrence_that_is_deleted_later_goes_alone(server: GraphCalendarServer, calendar: Calendar) -> None:
    server.put("single", at(20), subject="Single")
    server.put_series("weekly", THURSDAYS, WEEKLY, subject="Weekly")
    assert sync_calendar(calendar_id=calendar.pk)["created"] == 6
    server.delete("weekly.2")
    assert sync_calendar(calendar_id=calendar.pk)["removed"] == 1
    assert "10-22 07:00" not in {start for _, start, _ in told()}
    assert len(told()) == 5
    server.delete("weekly")
    assert sync_calendar(calendar_id=calendar.pk)["removed"] == 4
    assert told() == [("Single", "10-20 07:00", "confirmed")]


def test_a_link_that_ended_means_everything_and_what_is_gone_goes_but_not_the_past(
    server: GraphCalendarServer, calendar: Calendar
) -> None:
    for n in range(12):
        server.put(f"e{n:02}", at(20), subject=f"Event {n}")
    server.put("old", datetime(2026, 7, 10, 9, tzinfo=ZURICH), subject="Old")
    sync_calendar(calendar_id=calendar.pk)
    server.delete("e00")
    server.forget_deltas()
    with time_machine.travel(NOW + timedelta(days=20), tick=True):
        assert sync_calendar(calendar_id=calendar.pk)["removed"] == 1
    assert {title for title, _, _ in told()} == {"Old", *(f"Event {n}" for n in range(1, 12))}


def test_the_window_moves_on_by_itself(server: GraphCalendarServer, calendar: Calendar) -> None:
    server.put("far", NOW + timedelta(days=380), subject="Far")
    assert sync_calendar(calendar_id=calendar.pk) == counts()
    with time_machine.travel(NOW + timedelta(days=20), tick=True):
        assert sync_calendar(calendar_id=calendar.pk) == counts()
    with time_machine.travel(NOW + timedelta(days=31), tick=True):
        assert sync_calendar(calendar_id=calendar.pk)["created"] == 1


def test_days_people_and_places_come_along_and_a_withdrawn_consent_stops_it(
    server: GraphCalendarServer, calendar: Calendar
) -> None:
    people = [
        {"emailAddress": {"name": "Bob", "address": "Bob@x.org"}, "status": {"response": "tentativelyAccepted"}},
        {"emailAddress": {"address": "c@x.org"}, "status": {"response": "none"}},
    ]
    organizer = {"emailAddress": {"name": "Anna", "address": ADDRESS}}
    more: dict[str, Any] = {
        "body": {"contentType": "text", "content": "Agenda\r\n"},
        "location": {"displayName": "Room 1"},
    }
    zone: dict[str, Any] = {"originalStartTimeZone": "W. Europe Standard Time"}
    server.put("talk", at(20), subject="Talk", attendees=people, organizer=organizer, **more, **zone)
    midnight = datetime(2026, 12, 24, tzinfo=UTC)
    server.put("day", midnight, minutes=2 * 24 * 60, subject="Day", isAllDay=True, isCancelled=True)
    sync_calendar(calendar_id=calendar.pk)
    talk, day = CalendarEvent.objects.order_by("starts_at")
    assert talk.attendees == [
        {"name": "Bob", "address": "bob@x.org", "answer": "tentative"},
        {"name": "", "address": "c@x.org", "answer": "none"},
    ]
    assert (talk.organizer_address, talk.place, talk.description, talk.zone) == (
        ADDRESS,
        "Room 1",
        "Agenda",
        "Europe/Berlin",
    )
    assert (day.is_all_day, (day.ends_at - day.starts_at).days, day.status) == (True, 2, "cancelled")
    server.tokens.end()
    server.tokens.is_withdrawn = True
    with pytest.raises(ConsentRevokedError):
        sync_calendar(calendar_id=calendar.pk)
    calendar.refresh_from_db()
    assert (calendar.is_active, calendar.disabled_reason) == (False, "the consent was withdrawn")
    assert calendar.consent
    with pytest.raises(CalendarError):
        connect_calendar(User.objects.create_user("ben"), consent=calendar.consent)


def test_a_sync_that_is_cut_off_anywhere_ends_the_same(server: GraphCalendarServer, calendar: Calendar) -> None:
    for n in range(25):
        server.put(f"e{n:02}", at(20), subject=f"Event {n}")
    server.put_series("weekly", THURSDAYS, WEEKLY, subject="Weekly")
    server.break_at(1, 3, 6, 10, part="/users/")
    assert [is_synced(calendar) for _ in range(6)].count(False) == 4
    assert len(told()) == 30
    assert CalendarSeries.objects.count() == 26


def test_a_sync_that_goes_on_amid_a_delta_ends_with_what_came_meanwhile(
    server: GraphCalendarServer, calendar: Calendar
) -> None:
    sync_calendar(calendar_id=calendar.pk)
    for n in range(25):
        server.put(f"e{n:02}", at(20), subject=f"Event {n}")
    server.break_at(3, part="/delta")
    assert not is_synced(calendar)
    assert len(told()) == 20
    server.put("late", at(21), subject="Late")
    assert sync_calendar(calendar_id=calendar.pk) == counts(fetched=6, created=6)
    asked = len(server.asked("/delta"))
    assert sync_calendar(calendar_id=calendar.pk) == counts()
    assert len(server.asked("/delta")) == asked + 1


@pytest.mark.parametrize("number", range(1, 7))
def test_an_occurrence_that_is_deleted_goes_wherever_the_sync_is_cut_off(
    number: int, server: GraphCalendarServer, calendar: Calendar
) -> None:
    server.put_series("weekly", THURSDAYS, WEEKLY, subject="Weekly")
    sync_calendar(calendar_id=calendar.pk)
    server.delete("weekly.2")
    for n in range(25):
        server.put(f"e{n:02}", at(20), subject=f"Event {n}")
    # Three pages of what changed, then three of everything.
    server.break_at(number, part="/delta")
    assert [is_synced(calendar), is_synced(calendar)] == [False, True]
    assert "10-22 07:00" not in {start for _, start, _ in told()}
    assert len(told()) == 4 + 25


def test_a_full_sync_that_was_cut_off_is_made_good_by_the_next(server: GraphCalendarServer, calendar: Calendar) -> None:
    for n in range(25):
        server.put(f"e{n:02}", at(20), subject=f"Event {n}")
    sync_calendar(calendar_id=calendar.pk)
    CalendarSeries.objects.get(provider_key="e24").delete()
    server.break_at(2, part="/delta")
    assert not is_synced(calendar, full=True)
    assert sync_calendar(calendar_id=calendar.pk)["created"] == 1
    assert len(told()) == 25
