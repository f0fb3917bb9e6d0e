"""Turns a stored mail into the plain facts a model is told."""

from __future__ import annotations

from typing import Literal

from ingestion.llm.facts import AttachmentFacts, MailFacts
from ingestion.models import Mail

LONGEST_TEXT = 50_000


def facts_of(mail: Mail) -> MailFacts:
    """Return the facts of `mail`; reads its account and attachments."""
    return MailFacts(
        subject=mail.subject,
        text=(mail.reply_text or mail.text)[:LONGEST_TEXT],
        sent_at=mail.sent_at,
        sender_name=mail.sender_name,
        sender_address=mail.sender_address,
        addressed=_addressed(mail),
        is_own=mail.direction == Mail.Direction.OUT,
        headers=mail.headers,
        attachments=tuple(
            AttachmentFacts(name=file.filename, content_type=file.content_type, text=file.text[:LONGEST_TEXT])
            for file in mail.attachments.all()
        ),
    )


def _addressed(mail: Mail) -> Literal["directly", "copy", "list"]:
    own = mail.account.address.lower()
    kinds = {str(each.get("kind")) for each in mail.recipients if str(each.get("address", "")).lower() == own}
    if not own or "to" in kinds:
        return "directly"
    return "copy" if kinds else "list"
