"""What can be found of a mail or calendar object: its own words, and those of the files that came with it."""

from __future__ import annotations

from typing import Any

from ingestion.models import CalendarSeries, Mail
from ingestion.searching.words import Document

# A book attached to a mail is found by its beginning.
LONGEST_BODY = 200_000
LONGEST_MEANING = 2_000


def document_of_mail(mail: Mail) -> Document:
    """Return the mail's subject, people and text, quotes included, with the text of its attachments."""
    people = [mail.sender_name, mail.sender_address, *_people(mail.recipients)]
    files = [part for file in mail.attachments.all() for part in (file.filename, file.text)]
    body = "\n".join([mail.text, *files])
    return Document(title=mail.subject, people=" ".join(people), body=body[:LONGEST_BODY])


def document_of_series(series: CalendarSeries) -> Document:
    """Return the title, people, place and description of the calendar object, as at its latest time."""
    event = series.events.order_by("-starts_at").first()
    if event is None:
        return Document(title="", people="", body="")
    people = [event.organizer_name, event.organizer_address, *_people(event.attendees)]
    return Document(
        title=event.title, people=" ".join(people), body=f"{event.place}\n{event.description}"[:LONGEST_BODY]
    )


def meaning_of(document: Document, *, own_words: str = "") -> str:
    """Return the text whose meaning stands for the document; `own_words` go before its whole body."""
    return f"{document.title}\n{own_words or document.body}"[:LONGEST_MEANING]


def _people(people: list[dict[str, Any]]) -> list[str]:
    return [str(person.get(part, "")) for person in people for part in ("name", "address")]
