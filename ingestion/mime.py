"""A raw message to what is in it; damage is described, never raised, and no part of it is trusted; pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import Message
from email.parser import BytesParser

from ingestion import headers
from ingestion.bodies import Body, read_body
from ingestion.parts import ParsedAttachment, broken_encodings
from ingestion.sending_headers import sending_headers

LONGEST_SUBJECT = 1000
LONGEST_TEXT = 1_000_000


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """What a message says."""

    identity: str
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    sender: headers.Address = headers.NOBODY
    recipients: tuple[tuple[str, headers.Address], ...] = ()
    """(kind, address) with kind "to", "cc" or "bcc"."""
    sent_at: datetime | None = None
    text: str = ""
    html_present: bool = False
    attachments: tuple[ParsedAttachment, ...] = ()
    sending_headers: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """What was broken; empty for a sound message."""


def parse(raw: bytes, *, size: int, now: datetime) -> ParsedMail:
    """Return what the message says; `size` is its full size if `raw` was cut."""
    problems = [f"too large: {size} bytes, of which {len(raw)} were read"] if size > len(raw) + 2 else []
    if not raw.strip():
        return ParsedMail(identity=_digest(raw), problems=("the message is empty",))
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(raw)
        return _read(message, raw, now, problems)
    # Whatever a hostile message makes the library raise must cost only this message.
    except Exception as error:
        reason = f"unreadable: {type(error).__name__}: {headers.readable(str(error))[:200]}"
        return ParsedMail(identity=_digest(raw), problems=(*problems, reason))


def _read(message: Message, raw: bytes, now: datetime, problems: list[str]) -> ParsedMail:
    body = read_body(message)
    problems += [*_header_problems(message), *broken_encodings(message), *body.problems]
    own_id = headers.message_id(headers.field(message, "Message-ID"))
    moment = headers.sent_at(message, now=now)
    if moment is None:
        problems.append("no usable date")
    references = headers.message_ids(" ".join(headers.fields(message, "References")))
    return ParsedMail(
        identity=own_id or _content_digest(message, raw),
        message_id=own_id,
        in_reply_to=next(iter(headers.message_ids(headers.field(message, "In-Reply-To"))), ""),
        references=tuple(references),
        subject=headers.readable(headers.field(message, "Subject"))[:LONGEST_SUBJECT],
        sender=_sender(message),
        recipients=_recipients(message),
        sent_at=moment,
        text=_bounded(body, problems),
        html_present=body.html_present,
        attachments=body.attachments,
        sending_headers=sending_headers(message),
        problems=tuple(dict.fromkeys(problems)),
    )


def _sender(message: Message) -> headers.Address:
    found = headers.addresses(headers.fields(message, "From") or headers.fields(message, "Sender"))
    return next(iter(found), headers.NOBODY)


def _recipients(message: Message) -> tuple[tuple[str, headers.Address], ...]:
    found = [
        (kind, address) for kind in ("to", "cc", "bcc") for address in headers.addresses(headers.fields(message, kind))
    ]
    return tuple(found[: headers.MOST_ADDRESSES])


def _header_problems(message: Message) -> list[str]:
    if not message.keys():
        return ["it has no headers"]
    return [] if headers.field(message, "From").strip() else ["no sender"]


def _bounded(body: Body, problems: list[str]) -> str:
    if len(body.text) > LONGEST_TEXT:
        problems.append(f"text of {len(body.text)} characters cut at {LONGEST_TEXT}")
    return body.text[:LONGEST_TEXT]


def _content_digest(message: Message, raw: bytes) -> str:
    """Return what stands for a missing Message-ID: like that, it survives what mail programs add to the headers."""
    named = [f"{name}:{headers.field(message, name)}" for name in ("From", "To", "Subject", "Date")]
    text = "\n".join(named).encode("utf-8", "surrogatepass")
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip(b"\n")
    return _digest(text + b"\n\n" + body) if message.keys() else _digest(raw)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
