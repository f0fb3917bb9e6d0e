"""What happens when: recurrence over daylight saving, exceptions, cancellations, zones, and bounds on hostile rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.calendars.errors import UnreadableCalendarError
from ingestion.calendars.ics_text import by_uid, parse_calendar
from ingestion.calendars.occurrences import Occurrence, occurrences
from tests.calendars import EMPTY, vcalendar, vevent

pytestmark = pytest.mark.req("SW-12")
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def found(*events: str, zone: str = "Europe/Zurich") -> list[Occurrence]:
    return occurrences(parse_calendar(vcalendar(*events)), since=SINCE, until=UNTIL, zone=zone)


def test_nine_in_zurich_stays_nine_in_zurich_over_the_change_of_the_clocks() -> None:
    weekly = found(vevent("a", "20261015T090000", "20261015T100000", RRULE="FREQ=WEEKLY;COUNT=3"))
    assert [each.starts_at for each in weekly] == [
        datetime(2026, 10, 15, 7, tzinfo=UTC),
        datetime(2026, 10, 22, 7, tzinfo=UTC),
        datetime(2026, 10, 29, 8, tzinfo=UTC),
    ]
    assert [each.occurrence for each in weekly] == ["20261015T070000Z", "20261022T070000Z", "20261029T080000Z"]
    assert {each.ends_at - each.starts_at for each in weekly} == {timedelta(hours=1)}
    assert {each.zone for each in weekly} == {"Europe/Zurich"}


def test_exceptions_replace_cancel_and_leave_out() -> None:
    weekly = vevent("a", "20261015T090000", RRULE="FREQ=WEEKLY;COUNT=4", EXDATE="20261022T090000")
    moved = vevent("a", "20261030T140000", RECURRENCE_ID="20261029T090000", SUMMARY="Moved")
    gone = vevent("a", "20261105T090000", RECURRENCE_ID="20261105T090000", STATUS="CANCELLED")
    assert [(each.occurrence, each.title, each.status, each.is_exception) for each in found(weekly, moved, gone)] == [
        ("20261015T070000Z", "Event a", "confirmed", False),
        ("20261029T080000Z", "Moved", "confirmed", True),
        ("20261105T080000Z", "Event a", "cancelled", True),
    ]


def test_a_day_is_from_midnight_to_midnight_of_its_zone() -> None:
    (day,) = found(vevent("a", "20261101"))
    assert (day.is_all_day, day.starts_at, day.ends_at, day.occurrence) == (
        True,
        datetime(2026, 10, 31, 23, tzinfo=UTC),
        datetime(2026, 11, 1, 23, tzinfo=UTC),
        "",
    )


def test_people_privacy_and_place_are_read() -> None:
    event = vevent("a", "20261110T090000Z", CLASS="PRIVATE", LOCATION="Room 5", DESCRIPTION="Bring\\, please: all")
    people = (
        'ORGANIZER;CN="Bob B.":mailto:BOB@x.org\r\n'
        "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:anna@x.org\r\nATTENDEE:mailto:c@x.org\r\n"
    )
    (one,) = found(event.replace("END:VEVENT", f"{people}END:VEVENT"))
    assert (one.is_private, one.place, one.description) == (True, "Room 5", "Bring, please: all")
    assert (one.organizer_name, one.organizer_address) == ("Bob B.", "bob@x.org")
    assert one.attendees == [
        {"name": "Anna", "address": "anna@x.org", "answer": "accepted"},
        {"name": "", "address": "c@x.org", "answer": "none"},
    ]


@pytest.mark.parametrize(
    "rule",
    ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=5", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5"],
)
def test_a_rule_that_never_ends_within_the_day_is_refused_with_its_reason(rule: str) -> None:
    with pytest.raises(UnreadableCalendarError, match="a rule that fires"):
        found(vevent("a", "20000101T000000Z", RRULE=rule))


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:never\r\nEND:VEVENT"])
def test_what_is_no_calendar_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UnreadableCalendarError):
        parse_calendar(text)


def test_a_file_is_parted_by_uid_and_an_event_without_one_keeps_its_name() -> None:
    nameless = vevent("x", "20261110T090000Z").replace("UID:x\r\n", "")
    text = vcalendar(vevent("a"), vevent("b"), vevent("a", RECURRENCE_ID="20261201T090000"), nameless)
    parts = by_uid(text)
    assert [name for name in parts if not name.startswith("digest-")] == ["a", "b"]
    assert len(parts) == 3
    assert parts["a"].count("BEGIN:VEVENT") == 2
    assert by_uid(text) == parts
    assert by_uid(EMPTY) == {}
