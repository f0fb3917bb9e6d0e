"""Calendar objects as Google's JSON."""

from __future__ import annotations

import pytest

from ingestion.calendars.google_objects import events_of
from tests.calendars import vcalendar, vevent

FLOATING = vevent("floating", "20261021T080000", "20261021T090000", RRULE="FREQ=WEEKLY;UNTIL=20261104T080000")
MOVED = vevent("floating", "20261028T100000", "20261028T110000", RECURRENCE_ID="20261028T080000")


@pytest.mark.req("AA-1")
def test_times_without_a_zone_are_in_the_calendars() -> None:
    source = vcalendar(FLOATING, MOVED).replace(";TZID=Europe/Zurich", "")
    event, exceptions = events_of(source, zone="Europe/Zurich")
    assert event["start"] == {"dateTime": "2026-10-21T08:00:00+02:00", "timeZone": "Europe/Zurich"}
    assert {original: each["end"]["dateTime"] for original, each in exceptions.items()} == {
        "2026-10-28T08:00:00+01:00": "2026-10-28T11:00:00+01:00"
    }
