"""Stores pages of raw mails: each mail once per account, with its files and its thread, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction

from ingestion.conf import conf
from ingestion.contacts import Person, note_contacts, people_in
from ingestion.extraction import Extracted, extract_text
from ingestion.joining_threads import join_threads
from ingestion.mime import ParsedMail, parse
from ingestion.models import Account, Attachment, Mail, MailCopy
from ingestion.parts import ParsedAttachment
from ingestion.providers.protocol import RawMail
from ingestion.quotes import reply_text
from ingestion.subjects import base_subject

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Counts:
    """What a sync did."""

    fetched: int = 0
    stored: int = 0
    duplicates: int = 0
    broken: int = 0
    """Of those stored: kept with raw bytes and the reason."""
    threads: int = 0
    """Threads more than before; merging may make it negative."""
    attachments: int = 0
    changed: int = 0
    """Mails that were read, answered or flagged at the provider since, or no longer so."""
    gone: int = 0
    """Mails that the provider's folders hold no more; they stay stored."""

    def as_dict(self) -> dict[str, int]:
        """Return the counts as a job's result."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A raw mail and what was understood of it."""

    raw: RawMail
    parsed: ParsedMail
    reply_text: str
    files: tuple[tuple[ParsedAttachment, Extracted], ...]


def known_keys(account: Account, keys: list[str]) -> set[str]:
    """Return those provider keys whose mails are stored."""
    first = Mail.objects.filter(account=account, provider_key__in=keys).values_list("provider_key", flat=True)
    further = MailCopy.objects.filter(account=account, provider_key__in=keys).values_list("provider_key", flat=True)
    return {*first, *further}


def understand(account: Account, mails: Iterable[RawMail], *, now: datetime) -> list[Arrival]:
    """Parse the mails; the files of those that are stored already are not read. Slow: belongs before a transaction."""
    parsed = [(raw, parse(raw.content, size=raw.size, now=now)) for raw in mails]
    stored = _stored(account, [mail.identity for _, mail in parsed])
    return [
        Arrival(raw, mail, "", ())
        if mail.identity in stored
        else Arrival(raw, mail, reply_text(mail.text), _files(mail))
        for raw, mail in parsed
    ]


def store(account: Account, arrivals: Sequence[Arrival], *, run_id: UUID | None, now: datetime, copies: bool) -> Counts:
    """Store what is new and return the counts; the caller holds a transaction and the account's lock.

    `copies` remembers further places of mails that are stored already.
    """
    counts = Counts(fetched=len(arrivals))
    stored = _stored(account, [arrival.parsed.identity for arrival in arrivals])
    fresh: dict[str, Arrival] = {}
    for arrival in arrivals:
        identity = arrival.parsed.identity
        if identity not in stored and identity not in fresh:
            fresh[identity] = arrival
    new = _store_all(account, list(fresh.values()), run_id=run_id, now=now)
    stored |= dict(zip(fresh, new, strict=True))
    for arrival in arrivals:
        if arrival is not fresh.get(arrival.parsed.identity):
            counts.duplicates += 1
            if copies:
                _note_copy(account, stored[arrival.parsed.identity], arrival.raw.key)
    counts.stored = len(new)
    counts.attachments = sum(len(arrival.files) for arrival in fresh.values())
    counts.broken = sum(bool(mail.parse_error) for mail in new)
    counts.threads = join_threads(account, new) if new else 0
    note_contacts(account.owner_id, [person for mail in new for person in _people(account, mail)])
    return counts


def _people(account: Account, mail: Mail) -> list[Person]:
    pairs = [(mail.sender_name, mail.sender_address), *((who["name"], who["address"]) for who in mail.recipients)]
    return people_in(pairs, seen_at=mail.sent_at, own=account.address)


def _stored(account: Account, identities: list[str]) -> dict[str, Mail]:
    mails = Mail.objects.filter(account=account, identity__in=identities).only("identity", "provider_key")
    return {mail.identity: mail for mail in mails}


def _note_copy(account: Account, mail: Mail, key: str) -> None:
    if not mail.provider_key:
        mail.provider_key = key
        Mail.objects.filter(pk=mail.pk).update(provider_key=key, gone_at=None)
    elif mail.provider_key != key:
        MailCopy.objects.get_or_create(account=account, provider_key=key, defaults={"mail": mail})


def _store_all(account: Account, arrivals: list[Arrival], *, run_id: UUID | None, now: datetime) -> list[Mail]:
    """Insert the mails together; where the database refuses one, one by one."""
    try:
        with transaction.atomic():
            return _insert(account, arrivals, run_id=run_id, now=now)
    except DatabaseError:
        return [_store_one(account, arrival, run_id=run_id, now=now) for arrival in arrivals]


def _store_one(account: Account, arrival: Arrival, *, run_id: UUID | None, now: datetime) -> Mail:
    try:
        with transaction.atomic():
            return _insert(account, [arrival], run_id=run_id, now=now)[0]
    except DatabaseError as error:
        # Something in it that the database refuses must not cost the page: keep its bytes.
        log.warning("mail kept unread", account=account.pk, key=arrival.raw.key, error=type(error).__name__)
        bare = ParsedMail(identity=arrival.parsed.identity, problems=(f"not storable: {type(error).__name__}",))
        with transaction.atomic():
            return _insert(account, [Arrival(arrival.raw, bare, "", ())], run_id=run_id, now=now)[0]


def _insert(account: Account, arrivals: list[Arrival], *, run_id: UUID | None, now: datetime) -> list[Mail]:
    mails = Mail.objects.bulk_create(
        Mail(
            **_values(account, arrival, now),
            account=account,
            provider_key=arrival.raw.key,
            received_at=now,
            **asdict(arrival.raw.marks),
            size=arrival.raw.size,
            ingested_by=run_id,
        )
        for arrival in arrivals
    )
    files = zip(mails, arrivals, strict=True)
    Attachment.objects.bulk_create(
        (_attachment(mail, n, *file) for mail, arrival in files for n, file in enumerate(arrival.files)), batch_size=20
    )
    return mails


def _values(account: Account, arrival: Arrival, now: datetime) -> dict[str, Any]:
    parsed = arrival.parsed
    is_own = bool(account.address) and parsed.sender.address == account.address.lower()
    return {
        "identity": parsed.identity,
        "message_id": parsed.message_id,
        "in_reply_to": parsed.in_reply_to,
        "references": list(parsed.references),
        "subject": parsed.subject,
        "base_subject": base_subject(parsed.subject),
        "sender_name": parsed.sender.name,
        "sender_address": parsed.sender.address,
        "recipients": [{"name": who.name, "address": who.address, "kind": kind} for kind, who in parsed.recipients],
        "sent_at": parsed.sent_at or now,
        "direction": Mail.Direction.OUT if is_own or arrival.raw.is_sent else Mail.Direction.IN,
        "text": parsed.text,
        "reply_text": arrival.reply_text,
        "html_present": parsed.html_present,
        "headers": parsed.sending_headers,
        "raw": arrival.raw.content if parsed.problems else None,
        "parse_error": "; ".join(parsed.problems),
    }


def _files(mail: ParsedMail) -> tuple[tuple[ParsedAttachment, Extracted], ...]:
    return tuple((file, _read(file)) for file in mail.attachments)


def _read(file: ParsedAttachment) -> Extracted:
    if len(file.content) > conf().max_attachment_bytes:
        return Extracted(error=f"too large to keep: {len(file.content)} bytes")
    return extract_text(file.content, content_type=file.content_type, filename=file.filename)


def _attachment(mail: Mail, position: int, file: ParsedAttachment, extracted: Extracted) -> Attachment:
    is_kept = len(file.content) <= conf().max_attachment_bytes
    return Attachment(
        mail=mail,
        position=position,
        filename=file.filename,
        content_type=file.content_type,
        size=len(file.content),
        digest=file.digest,
        content=file.content if is_kept else None,
        text=extracted.text,
        text_error=extracted.error[:500],
    )
