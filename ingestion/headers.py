"""Header fields of a mail to values, whatever was written into them; pure, never raises."""

from __future__ import annotations

import binascii
import email.utils
import hashlib
import quopri
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesHeaderParser

from ingestion.charsets import decode, storable

LONGEST_FIELD = 100_000
LONGEST_ID = 255
MOST_REFERENCES = 200
MOST_ADDRESSES = 500

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)")
_BRACKETED = re.compile(r"<([^<>]{1,2000})>")
_HEAD_BYTES = 65_536
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Address:
    """A person or list in a header field; `address` is in lower case."""

    name: str
    address: str


NOBODY = Address("", "")


def fields(message: Message, name: str) -> list[str]:
    """Return the raw values of a header field, 8-bit bytes as surrogates, cut at LONGEST_FIELD."""
    wanted = name.lower()
    return [str(value)[:LONGEST_FIELD] for key, value in message.raw_items() if key.lower() == wanted]


def field(message: Message, name: str) -> str:
    """Return the raw value of the first such field, "" without one."""
    return next(iter(fields(message, name)), "")


def readable(raw: str) -> str:
    """Return a field's text: unfolded, encoded words (RFC 2047) decoded, 8-bit bytes read as UTF-8 or Windows-1252."""
    unfolded = " ".join(_BETWEEN_WORDS.sub(r"\1", _text(raw)).split())
    parts: list[str] = []
    pending: tuple[str, bytes] = ("", b"")
    at = 0
    for word in _ENCODED_WORD.finditer(unfolded):
        between = unfolded[at : word.start()]
        charset = word[1].split("*")[0]  # RFC 2231 allows a language behind the charset.
        if between or pending[0] != charset:
            parts += [_decoded(pending), between]
            pending = (charset, b"")
        # Programs split multi-byte characters between words of one charset.
        pending = (charset, pending[1] + _word_bytes(word[2], word[3]))
        at = word.end()
    parts += [_decoded(pending), unfolded[at:]]
    return storable(" ".join("".join(parts).split()))


def addresses(raw_fields: Iterable[str]) -> list[Address]:
    """Return the addresses in some fields, at most MOST_ADDRESSES."""
    try:
        pairs = email.utils.getaddresses([_text(raw) for raw in raw_fields])
    except (RecursionError, ValueError, IndexError, TypeError):
        return []
    found = (Address(readable(name)[:320], readable(address).lower()[:320]) for name, address in pairs)
    return [address for address in found if "@" in address.address or address.name][:MOST_ADDRESSES]


def sent_at(message: Message, *, now: datetime) -> datetime | None:
    """Return when the mail says it was sent, else when a server says it passed; None if both are missing or absurd."""
    passed = [value.rpartition(";")[2] for value in fields(message, "Received")]
    for text in (field(message, "Date"), *passed[:3]):
        moment = parse_date(text)
        if moment and _EARLIEST <= moment <= now + timedelta(days=1):
            return moment
    return None


def parse_date(text: str) -> datetime | None:
    """Return a date of RFC 5322 in UTC; one without a zone counts as UTC."""
    try:
        moment = email.utils.parsedate_to_datetime(_text(text)[:200])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def is_older(content: bytes, since: datetime) -> bool:
    """Tell whether the raw mail says it was sent before `since`; one that doesn't say is not older."""
    moment = parse_date(field(BytesHeaderParser().parsebytes(content[:_HEAD_BYTES]), "Date"))
    return moment is not None and moment < since


def message_id(raw: str) -> str:
    """Return a Message-ID in its stored form, "" without one."""
    found = message_ids(raw)
    if found:
        return found[0]
    bare = "".join(_text(raw).split()).strip("<>")
    return _stored_id(bare) if bare else ""


def message_ids(raw: str) -> list[str]:
    """Return the Message-IDs in a References or In-Reply-To field, each once; of very many the first and the last."""
    found = ["".join(match.split()) for match in _BRACKETED.findall(_text(raw))]
    unique = list(dict.fromkeys(_stored_id(bare) for bare in found if bare))
    if len(unique) > MOST_REFERENCES:
        return [unique[0], *unique[1 - MOST_REFERENCES :]]
    return unique


def _stored_id(bare: str) -> str:
    full = f"<{storable(bare)}>"
    if len(full) <= LONGEST_ID:
        return full
    digest = hashlib.sha256(full.encode()).hexdigest()
    return f"{full[: LONGEST_ID - 66]}#{digest}>"


def _text(raw: str) -> str:
    """Return a raw field with its 8-bit bytes decoded."""
    if raw.isascii():
        return raw
    return decode(raw.encode("utf-8", "surrogateescape"), None)[0] if _has_bytes(raw) else storable(raw)


def _has_bytes(raw: str) -> bool:
    try:
        raw.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _word_bytes(encoding: str, text: str) -> bytes:
    content = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(content.replace(b"_", b" "), header=False)
    try:
        return binascii.a2b_base64(content + b"==")
    except binascii.Error:
        return content


def _decoded(pending: tuple[str, bytes]) -> str:
    return decode(pending[1], pending[0])[0] if pending[1] else ""
