"""Reads the labelled mails, one folder of TOML files per set; a person decided on each label."""

from __future__ import annotations

import tomllib
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

ADDRESS = "alex.meier@example.org"
OWNER = f"Alex Meier <{ADDRESS}>"
SOURCE = Path(__file__).parent
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a person reading the message says of it."""

    importance: Literal["low", "normal", "high"] = "normal"
    automated: bool = False
    answer: bool = False
    deadline: str = ""
    """"now+3" (days from the base date), "sent+0", "sent friday" (the first after that day), "sent month" (its end)."""
    amount: str = ""
    """What the owner paid, has to pay or was paid, such as "EUR 64.18"."""
    odd: str = ""
    broken: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleFile:
    """An attachment, by its text."""

    name: str
    kind: Literal["pdf", "docx", "ics", "png", "text"]
    text: str
    day: int = 0
    organizer: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleMessage:
    """One message of the sample; texts may hold dates as {{+5 de}}, see placeholders.py."""

    id: str
    sent: str
    subject: str
    sender: str = OWNER
    sent_mail: bool = False
    to: str = OWNER
    cc: str = ""
    reply_to: str = ""
    body: str = ""
    html: str = ""
    raw: str = ""
    charset: str = "utf-8"
    declared: str = ""
    transfer: str = "8bit"
    raw_headers: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    attachments: tuple[SampleFile, ...] = ()
    label: Label = field(default_factory=Label)

    @property
    def message_id(self) -> str:
        """The Message-ID: the same whenever the sample is rendered."""
        return f"<{self.id}@sample.daybook.example>"

    def sent_at(self, *, now: datetime) -> datetime:
        """Return when it was sent, within the 30 days before `now`."""
        days, clock = self.sent.split()
        day = now.astimezone(UTC).date() + timedelta(days=int(days))
        return datetime.combine(day, time.fromisoformat(clock), UTC)

    def deadline(self, *, now: datetime) -> date | None:
        """Return the labelled deadline."""
        text = self.label.deadline
        if not text:
            return None
        sent_on = self.sent_at(now=now).date()
        if text == "sent month":
            return sent_on.replace(day=monthrange(sent_on.year, sent_on.month)[1])
        if text.startswith("sent "):
            wanted = WEEKDAYS.index(text.removeprefix("sent "))
            return sent_on + timedelta(days=(wanted - sent_on.weekday() - 1) % 7 + 1)
        base = sent_on if text.startswith("sent") else now.astimezone(UTC).date()
        return base + timedelta(days=int(text.removeprefix("sent").removeprefix("now")))


@cache
def corpus() -> tuple[SampleMessage, ...]:
    """Return every message of the sample, in the order of its files."""
    return _loaded(SOURCE / "corpus")


@cache
def further() -> tuple[SampleMessage, ...]:
    """Return labelled messages that are in no mailbox; the rules were adjusted on them too."""
    return _loaded(SOURCE / "further")


@cache
def held_out() -> tuple[SampleMessage, ...]:
    """Return the messages that are in no mailbox: the rules are measured on them but were not made with them."""
    return _loaded(SOURCE / "held_out")


def _loaded(folder: Path) -> tuple[SampleMessage, ...]:
    entries: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.toml")):
        entries += tomllib.loads(path.read_text(encoding="utf-8"))["message"]
    return tuple(_message(entry) for entry in entries)


def _message(entry: dict[str, Any]) -> SampleMessage:
    fields = dict(entry)
    if "from" in fields:
        fields["sender"] = fields.pop("from")
    fields["label"] = Label(**fields.get("label", {}))
    fields["attachments"] = tuple(SampleFile(**file) for file in fields.get("attachments", []))
    return SampleMessage(**fields)
