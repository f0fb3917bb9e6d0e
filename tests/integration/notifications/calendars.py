"""Events, to-dos and mails of a user for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from ingestion.models import Calendar, CalendarEvent, CalendarSeries, Todo


def event_of(user: User, title: str, starts_at: datetime, **fields: Any) -> CalendarEvent:
    """Make an hour's event in the user's calendar."""
    calendar, _ = Calendar.objects.get_or_create(owner=user, provider="ics", location="test")
    number = CalendarEvent.objects.count()
    series = CalendarSeries.objects.create(calendar=calendar, provider_key=str(number), uid=f"{number}@test", source="")
    columns = {"uid": series.uid, "ends_at": starts_at + timedelta(hours=1)}
    return CalendarEvent.objects.create(
        **{**columns, "owner": user, "calendar": calendar, "series": series, "title": title, "starts_at": starts_at}
        | fields
    )


def todo_of(user: User, text: str, due_at: datetime | None, **fields: Any) -> Todo:
    """Make something to do."""
    digest = f"{Todo.objects.count():064}"
    return Todo.objects.create(**{"owner": user, "text": text, "due_at": due_at, "digest": digest, **fields})
