"""Opens the provider of a calendar."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from ingestion.calendars.caldav import CalDav
from ingestion.calendars.google import GoogleCalendar
from ingestion.calendars.graph import GraphCalendar
from ingestion.calendars.ics_file import IcsFile
from ingestion.calendars.protocol import CalendarProvider
from ingestion.models import Calendar
from ingestion.oauth import ConsentAuthorization
from ingestion.providers.errors import ConsentRevokedError, RejectedError
from ingestion.providers.http import Fixed, is_safe_for_passwords


def _open_caldav(calendar: Calendar) -> CalDav:
    if not is_safe_for_passwords(calendar.location):
        raise RejectedError("a password goes to https:// only")
    given = calendar.credentials or {}
    pair = f"{given.get('username', '')}:{given.get('password', '')}"
    return CalDav(calendar.location, Fixed(f"Basic {b64encode(pair.encode()).decode()}"))


def _authorization(calendar: Calendar) -> ConsentAuthorization:
    if not is_safe_for_passwords(calendar.location):
        raise RejectedError("a token goes to https:// only")
    if calendar.consent_id is None:
        raise ConsentRevokedError(f"{calendar}: there is no consent")
    return ConsentAuthorization(calendar.consent_id)


_OPENERS: dict[str, Callable[[Calendar], CalendarProvider]] = {
    Calendar.Provider.ICS: lambda calendar: IcsFile(Path(calendar.location)),
    Calendar.Provider.CALDAV: _open_caldav,
    Calendar.Provider.GOOGLE: lambda calendar: GoogleCalendar(calendar.location, _authorization(calendar)),
    Calendar.Provider.GRAPH: lambda calendar: GraphCalendar(calendar.location, _authorization(calendar)),
}


def open_calendar(calendar: Calendar) -> CalendarProvider:
    """Return the provider of a calendar; nothing is connected before it is asked."""
    return _OPENERS[calendar.provider](calendar)
