"""What syncs have stored of a mailbox or calendar, without what differs from one sync to the next: keys and times."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Model

from ingestion.models import Account, Calendar, Contact, MailCopy, ThreadReference

_OF_THE_SYNC = {"id", "received_at", "created_at", "changed_at", "ingested_by"}
# Events that lie ahead have people who count as seen now.
_OF_THE_HOUR = {"first_seen_at", "last_seen_at"}
_OF_THE_PLACE = {"account", "calendar", "owner", "series", "thread", "mail", "contact"}


def rows_of_mailbox(account: Account) -> dict[str, Any]:
    """Return its mails, their files, threads with their members, copies, contacts and cursor."""
    account.refresh_from_db()
    mails = account.mails.order_by("identity").prefetch_related("attachments")
    return {
        "objects": [(_values(mail), [_values(file) for file in mail.attachments.all()]) for mail in mails],
        "threads": sorted(
            (sorted(thread.mails.values_list("identity", flat=True)), _values(thread))
            for thread in account.threads.all()
        ),
        "references": sorted(ThreadReference.objects.filter(account=account).values_list("message_id", flat=True)),
        "copies": sorted(MailCopy.objects.filter(account=account).values_list("provider_key", "mail__identity")),
        "contacts": _contacts(account.owner_id),
        "cursor": account.cursor,
    }


def rows_of_calendar(calendar: Calendar) -> dict[str, Any]:
    """Return its objects with their events, contacts and cursor."""
    calendar.refresh_from_db()
    series = calendar.series.order_by("provider_key").prefetch_related("events")
    return {
        "objects": [(_values(each), _sorted(each.events.all(), "uid", "occurrence")) for each in series],
        "contacts": _contacts(calendar.owner_id, without=_OF_THE_HOUR),
        "cursor": calendar.cursor,
    }


def _contacts(owner_id: int, *, without: Collection[str] = ()) -> list[Any]:
    contacts = Contact.objects.filter(owner_id=owner_id).prefetch_related("addresses")
    return sorted(
        (
            sorted((one.key, one.address) for one in contact.addresses.all()),
            sorted((name, value) for name, value in _values(contact).items() if name not in without),
        )
        for contact in contacts
    )


def _sorted(rows: Iterable[Model], *names: str) -> list[dict[str, Any]]:
    return sorted(map(_values, rows), key=lambda row: [row[name] for name in names])


def _values(row: Model) -> dict[str, Any]:
    fields = (field.name for field in row._meta.concrete_fields)
    return {name: getattr(row, name) for name in fields if name not in _OF_THE_SYNC | _OF_THE_PLACE}
