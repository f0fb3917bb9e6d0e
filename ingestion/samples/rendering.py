"""Renders one message of the sample to the bytes a mail server would hold, odd charsets and broken headers included."""

from __future__ import annotations

import base64
import quopri
import re
from datetime import UTC, datetime, timedelta
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime, formataddr, getaddresses
from io import BytesIO

from ingestion.samples import documents
from ingestion.samples.corpus import ADDRESS, SampleFile, SampleMessage
from ingestion.samples.placeholders import fill_dates

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ics": "text/calendar; method=REQUEST; charset=utf-8",
    "png": "image/png",
    "text": "text/plain; charset=utf-8",
}


def render(sample: SampleMessage, *, now: datetime) -> bytes:
    """Return the message as bytes with LF line ends; the same for the same `now`."""
    if sample.raw:
        return _render_raw(sample, now=now)
    message = _body(sample, now=now)
    for name, value in _headers(sample, now=now):
        message[name] = value
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=compat32).flatten(message)
    return out.getvalue()


def _render_raw(sample: SampleMessage, *, now: datetime) -> bytes:
    text = fill_dates(sample.raw, now=now)
    text = text.replace("{{date}}", format_datetime(sample.sent_at(now=now)))
    text = text.replace("{{message_id}}", sample.message_id)
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), text.encode())


def _headers(sample: SampleMessage, *, now: datetime) -> list[tuple[str, str]]:
    headers = [
        ("From", _addresses(sample.sender, sample)),
        ("To", _addresses(sample.to, sample)),
        ("Cc", _addresses(sample.cc, sample)),
        ("Subject", _text(fill_dates(sample.subject, now=now), sample)),
        ("Date", format_datetime(sample.sent_at(now=now))),
        ("Message-ID", sample.message_id),
        ("MIME-Version", "1.0"),
        *sample.headers.items(),
    ]
    if sample.reply_to:
        parent = f"<{sample.reply_to}@sample.daybook.example>"
        headers += [("In-Reply-To", parent), ("References", parent)]
    return [(name, value) for name, value in headers if value or name == "Subject"]


def _addresses(value: str, sample: SampleMessage) -> str:
    if sample.raw_headers:
        return _text(value, sample)
    return ", ".join(formataddr(pair, _header_charset(sample)) for pair in getaddresses([value]))


def _text(value: str, sample: SampleMessage) -> str:
    if sample.raw_headers:
        return value.encode(sample.charset).decode("ascii", "surrogateescape")
    return value if value.isascii() else Header(value, _header_charset(sample), maxlinelen=200).encode()


def _header_charset(sample: SampleMessage) -> str:
    return "utf-8" if sample.charset == "utf-7" else sample.charset


def _body(sample: SampleMessage, *, now: datetime) -> Message:
    parts = [
        _text_part(fill_dates(text, now=now), subtype, sample)
        for subtype, text in (("plain", sample.body), ("html", sample.html))
        if text or (subtype == "plain" and not sample.html)
    ]
    body = parts[0] if len(parts) == 1 else _multipart("alternative", parts, sample)
    if not sample.attachments:
        return body
    return _multipart("mixed", [body, *(_attachment(file, sample, now=now) for file in sample.attachments)], sample)


def _multipart(subtype: str, parts: list[Message], sample: SampleMessage) -> Message:
    message = Message()
    message["Content-Type"] = f'multipart/{subtype}; boundary="={subtype}-{sample.id}"'
    message.set_payload([*parts])
    return message


def _text_part(text: str, subtype: str, sample: SampleMessage) -> Message:
    part = Message()
    part["Content-Type"] = f'text/{subtype}; charset="{sample.declared or sample.charset}"'
    _set_content(part, text.encode(sample.charset), transfer=sample.transfer)
    return part


def _set_content(part: Message, content: bytes, *, transfer: str) -> None:
    part["Content-Transfer-Encoding"] = transfer
    if transfer == "base64":
        content = base64.encodebytes(content)
    elif transfer == "quoted-printable":
        content = quopri.encodestring(content)
    part.set_payload(content.decode("ascii", "surrogateescape"))


def _attachment(file: SampleFile, sample: SampleMessage, *, now: datetime) -> Message:
    part = Message()
    part["Content-Type"] = TYPES[file.kind]
    name = file.name if file.name.isascii() else ("utf-8", "", file.name)
    part.add_header("Content-Disposition", "attachment", filename=name)
    _set_content(part, _file_content(file, sample, now=now), transfer="base64")
    return part


def _file_content(file: SampleFile, sample: SampleMessage, *, now: datetime) -> bytes:
    text = fill_dates(file.text, now=now)
    if file.kind == "pdf":
        return documents.pdf(text)
    if file.kind == "docx":
        return documents.docx(text)
    if file.kind == "png":
        return documents.png()
    if file.kind == "ics":
        day = now.astimezone(UTC).date() + timedelta(days=file.day)
        uid = f"{sample.id}@sample.daybook.example"
        return documents.ics(text, uid=uid, day=day, organizer=file.organizer, attendee=ADDRESS)
    return text.encode()
