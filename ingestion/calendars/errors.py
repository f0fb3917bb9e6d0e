"""What can be wrong with a calendar object."""

from __future__ import annotations

from jobs.errors import PermanentError


class UnreadableCalendarError(PermanentError, ValueError):
    """The text is no iCalendar, or asks for more than is reasonable."""
