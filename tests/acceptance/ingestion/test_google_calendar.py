"""Google Calendar over real HTTP: recurrence, exceptions that come alone, tokens that end, and exact events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.calendar_operations import CalendarError, connect_calendar
from ingestion.models import Calendar, CalendarEvent, CalendarSeries
from ingestion.operations import give_consent
from ingestion.providers.errors import ConsentRevokedError
from ingestion.tasks import sync_calendar
from tests.doubles.google_calendar import ADDRESS, GoogleCalendarServer
from tests.doubles.tokens import REFRESH

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-12")]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def server(settings: Any) -> Iterator[GoogleCalendarServer]:
    with GoogleCalendarServer() as running, time_machine.travel(NOW, tick=True):
        values = {"google_token_url": f"{running.url}/token", "google_client_id": "client"}
        settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, **values}
        yield running


@pytest.fixture
def calendar(server: GoogleCalendarServer) -> Calendar:
    anna = User.objects.create_user("anna")
    consent = give_consent(anna, provider="google", address=ADDRESS, refresh_token=REFRESH)
    return connect_calendar(anna, consent=consent, base_url=server.base_url)


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
