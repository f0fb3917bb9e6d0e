"""Calendar objects made by hand, for tests that read them."""

from __future__ import annotations

EMPTY = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nEND:VCALENDAR\r\n"


def vevent(uid: str, start: str = "20261201T090000", end: str = "", **more: str) -> str:
    """Return a VEVENT; a bare start is local time in Zurich, one with Z is UTC, a day is all day long.

    Names in `more` may hold parameters after a double underscore, and _ for -: RECURRENCE_ID__TZID_x is not needed.
    """
    lines = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", f"DTSTART{_when(start)}"]
    lines += [f"DTEND{_when(end)}"] if end else []
    lines += [] if "SUMMARY" in more else [f"SUMMARY:Event {uid}"]
    for name, value in more.items():
        key = name.replace("_", "-")
        lines.append(f"{key}{_when(value)}" if key in {"RECURRENCE-ID", "EXDATE"} else f"{key}:{value}")
    return "".join(f"{line}\r\n" for line in [*lines, "END:VEVENT"])


def vcalendar(*events: str) -> str:
    """Return a VCALENDAR with these events."""
    return EMPTY.replace("END:VCALENDAR", "".join(events) + "END:VCALENDAR")


def _when(text: str) -> str:
    if text.endswith("Z"):
        return f":{text}"
    return f";TZID=Europe/Zurich:{text}" if "T" in text else f";VALUE=DATE:{text}"
