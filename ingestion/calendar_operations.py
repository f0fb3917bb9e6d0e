"""What a person may ask about calendars, for every face alike: register one, sync those of a user."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser

from ingestion.models import Calendar, Consent
from ingestion.providers.http import is_safe_for_passwords
from jobs import operations as engine
from jobs.models import Run
from jobs.models.run import Cause

BASES = {
    Calendar.Provider.GOOGLE: "https://www.googleapis.com/calendar/v3",
    Calendar.Provider.GRAPH: "https://graph.microsoft.com/v1.0",
}


class CalendarError(ValueError):
    """The calendar was not described well enough to be registered."""


def register_calendar(
    user: AbstractBaseUser, *, ics: Path | None = None, caldav_url: str | None = None, **more: Any
) -> tuple[Calendar, bool]:
    """Return the user's calendar at a place, and whether it is new; a new password replaces the old one.

    `more` may hold `name`, `zone` and `is_archive`. The file of an archive need not exist yet.

    Raises:
        CalendarError: not exactly one place was named, or it can't be one; no password is ever quoted.
    """
    if (ics is None) == (caldav_url is None):
        raise CalendarError("Name one calendar: an .ics file or a CalDAV URL.")
    _check_zone(str(more.get("zone", "UTC")))
    if caldav_url:
        return _register(user, Calendar.Provider.CALDAV, *_caldav(caldav_url), more)
    location = Path(str(ics)).expanduser().resolve()
    if not (location.is_file() or (more.get("is_archive") and location.parent.is_dir())):
        message = f"{location} is no file."
        raise CalendarError(message)
    return _register(user, Calendar.Provider.ICS, str(location), None, more)


def connect_calendar(
    user: AbstractBaseUser, *, consent: Consent, name: str = "primary", base_url: str = ""
) -> Calendar:
    """Return the user's calendar of that id which lives by the consent; `base_url` replaces the provider's own address.

    Raises: CalendarError when the consent is another user's.
    """
    if consent.owner_id != user.pk:
        raise CalendarError("The consent is another user's.")
    provider, path = _google(consent, name) if consent.provider == Consent.Provider.GOOGLE else _graph(consent, name)
    values = {"consent": consent, "is_active": True, "disabled_reason": "", "retry_at": None}
    calendar, _ = Calendar.objects.update_or_create(
        owner_id=user.pk, provider=provider, location=f"{base_url or BASES[provider]}{path}", defaults=values
    )
    return calendar


def _google(consent: Consent, name: str) -> tuple[Calendar.Provider, str]:
    return Calendar.Provider.GOOGLE, f"/calendars/{quote(consent.address if name == 'primary' else name, safe='@')}"


def _graph(consent: Consent, name: str) -> tuple[Calendar.Provider, str]:
    which = "calendar" if name == "primary" else f"calendars/{quote(name, safe='=')}"
    return Calendar.Provider.GRAPH, f"/users/{quote(consent.address, safe='@')}/{which}"


def sync_calendars(user: AbstractBaseUser, *, full: bool = False, cause: Cause = Cause.CLI) -> list[Run]:
    """Sync the user's active calendars, one after another in this process; a failure is in its run."""
    chosen = Calendar.objects.active().filter(owner_id=user.pk, is_archive=False).order_by("pk")
    return [
        engine.run_here(
            "sync_calendar",
            {"calendar_id": calendar.pk, "user_id": user.pk, "provider": calendar.provider, "full": full},
            owner=calendar.owner,
            cause=cause,
        )
        for calendar in chosen
    ]


def _register(
    user: AbstractBaseUser, provider: str, location: str, credentials: dict[str, str] | None, more: dict[str, Any]
) -> tuple[Calendar, bool]:
    values = {**more, "is_active": True, "disabled_reason": "", "retry_at": None}
    if credentials and credentials["password"]:
        values["credentials"] = credentials
    return Calendar.objects.update_or_create(owner_id=user.pk, provider=provider, location=location, defaults=values)


def _caldav(url: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(url)
        netloc = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname or "")
    except ValueError:
        raise CalendarError("The CalDAV URL has a bad port or host.") from None
    location = urlunsplit((parts.scheme, netloc, parts.path, "", ""))
    if not parts.hostname or not is_safe_for_passwords(location):
        raise CalendarError("The CalDAV URL must begin with https://.")
    return location, {"username": unquote(parts.username or ""), "password": unquote(parts.password or "")}


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        message = f"There is no zone {zone!r}; name one such as Europe/Zurich."
        raise CalendarError(message) from None
