"""When the sun rises, sets or stands highest next; Celery's own reckoning, by the package ephem."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from celery.exceptions import ImproperlyConfigured
from celery.schedules import solar

from jobs.errors import RuleError

_DAY = timedelta(days=1)
_YEAR = timedelta(days=366)


def next_event(event: str, *, latitude: float, longitude: float, after: datetime) -> datetime | None:
    """Return when the event comes next after `after`, to the second; None when the place doesn't see it for a year.

    Raises: RuleError.
    """
    day = _midnight(after)
    found = _first_since(day, event, latitude, longitude)
    while found is not None and found <= after:
        day += _DAY
        found = _first_since(day, event, latitude, longitude)
    return found


def _first_since(day: datetime, event: str, latitude: float, longitude: float) -> datetime | None:
    """Return the first event from midnight on: reckoned from its own day's midnight, from elsewhere it may differ."""
    found = _reckoned(day, event, latitude, longitude)
    if found - day >= _YEAR:
        return None
    return found if found - day < _DAY else _reckoned(_midnight(found), event, latitude, longitude)


def _reckoned(start: datetime, event: str, latitude: float, longitude: float) -> datetime:
    try:
        place = solar(cast("Any", event), latitude, longitude, nowfun=lambda: start)
    except ImproperlyConfigured as error:
        raise RuleError("solar schedules need the package ephem, which is not installed") from error
    except ValueError as error:
        raise RuleError(str(error)) from error
    return (start + place.remaining_estimate(start)).replace(microsecond=0)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
