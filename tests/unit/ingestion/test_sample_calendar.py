"""The sample calendar is well-formed and holds a meeting soon."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from icalendar import Calendar

from ingestion.samples import write_sample_calendar

NOW = datetime(2026, 11, 22, 14, 3, 27, tzinfo=UTC)


def test_it_is_read_by_a_calendar_program_and_has_a_meeting_in_twenty_minutes(tmp_path: Path) -> None:
    written = write_sample_calendar(tmp_path / "sample.ics", now=NOW)
    calendar = Calendar.from_ical((tmp_path / "sample.ics").read_bytes())
    events = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
    assert len(events) == written == 5
    assert events["Lisbon pilot: go or no go"].decoded("DTSTART") == datetime(2026, 11, 22, 14, 23, tzinfo=UTC)
    assert (tmp_path / "sample.ics").read_text().count("ATTENDEE") == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sample.ics"]
