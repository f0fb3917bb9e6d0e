"""What a model is told about mail: plain values, so that it needs neither the database nor a mail library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class AttachmentFacts:
    """One attachment as the model sees it."""

    name: str
    content_type: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class MailFacts:
    """One mail as the model sees it."""

    subject: str
    text: str
    """Body without quoted mail, as far as that could be told."""
    sent_at: datetime
    sender_name: str = ""
    sender_address: str = ""
    addressed: Literal["directly", "copy", "list"] = "directly"
    """Whether the owner stands under To, under Cc, or under neither."""
    is_own: bool = False
    """The owner wrote it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sending headers, names in lower case; see ingestion/sending_headers.py."""
    attachments: tuple[AttachmentFacts, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ThreadFacts:
    """A conversation as the model sees it."""

    subject: str
    mails: tuple[MailFacts, ...]
    """Oldest first, at least one; of a long thread the latest."""
    owner_name: str = ""
    """How the owner signs."""


@dataclass(frozen=True, kw_only=True)
class NoticeFacts:
    """A notice that is to be worded for its reader: the template's text holds all that may be said."""

    kind: str
    """Such as daily_briefing."""
    language: str
    """en, de or fr."""
    tone: str
    detail: str
    title: str
    text: str
