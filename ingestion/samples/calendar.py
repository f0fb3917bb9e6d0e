"""Writes the sample calendar of the sample mailbox's owner: a meeting soon, and what else the days around hold."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ingestion.samples.corpus import ADDRESS

SOON = timedelta(minutes=20)
PRIYA = ("Priya Nair", "priya.nair@brightharbour.example", "ACCEPTED")
TOM = ("Tom Okafor", "tom.okafor@brightharbour.example", "TENTATIVE")
LUCIA = ("Lúcia Carvalho", "l.carvalho@portolisboa.example", "ACCEPTED")
Person = tuple[str, str, str]


def write_sample_calendar(path: Path | str, *, now: datetime) -> int:
    """Write the sample to `path` and return the number of its events; one of them starts twenty minutes after `now`.

    The file appears complete or not at all.
    """
    today = now.astimezone(UTC).date()
    start = now.astimezone(UTC).replace(second=0, microsecond=0) + SOON
    events = [
        _event("pilot", "Lisbon pilot: go or no go", start, people=[PRIYA, TOM, LUCIA], place="Room Atlantic"),
        _event("lunch", "Lunch with Lúcia", _at(today, 1, 12), people=[LUCIA], place="Café Âncora"),
        _event("dentist", "Dentist", _at(today, 2, 8), place="Harbour Road 4"),
        _event("weekly", "Team weekly", _at(today, -13, 9), people=[PRIYA, TOM], extra="RRULE:FREQ=WEEKLY;COUNT=12"),
        _day("birthday", "Mia's birthday", today),
    ]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Daybook//Sample//EN", f"X-WR-CALNAME:{ADDRESS}"]
    lines = [*head, *(line for event in events for line in event), "END:VCALENDAR", ""]
    part = Path(path).with_suffix(".part")
    part.write_bytes("\r\n".join(lines).encode())
    os.replace(part, path)
    return len(events)


def _event(
    name: str, title: str, start: datetime, *, people: list[Person] | None = None, place: str = "", extra: str = ""
) -> list[str]:
    with_people = [f'ATTENDEE;CN="{who}";PARTSTAT={answer}:mailto:{address}' for who, address, answer in people or []]
    lines = [
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{start + timedelta(minutes=45):%Y%m%dT%H%M%SZ}",
        *([f"LOCATION:{place}"] if place else []),
        *([f"ORGANIZER:mailto:{ADDRESS}"] if people else []),
        *with_people,
        *([extra] if extra else []),
    ]
    return _entry(name, title, start, lines)


def _day(name: str, title: str, day: date) -> list[str]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    following = day + timedelta(days=1)
    return _entry(name, title, midnight, [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{following:%Y%m%d}"])


def _entry(name: str, title: str, stamp: datetime, lines: list[str]) -> list[str]:
    head = ["BEGIN:VEVENT", f"UID:sample-{name}@daybook.example", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}"]
    return [*head, f"SUMMARY:{title}", *lines, "END:VEVENT"]


def _at(today: date, days: int, hour: int) -> datetime:
    day = today + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
