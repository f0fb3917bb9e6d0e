"""The parts of a message: names, types and contents of each, read without trust; pure."""

from __future__ import annotations

import email.utils
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import errors
from email.message import Message

from ingestion.charsets import decode, storable
from ingestion.headers import readable

MOST_PARTS = 500
DEEPEST = 30

# Defects of structure or encoding after which content may be missing; others are matters of style.
_SERIOUS = (
    errors.CloseBoundaryNotFoundDefect,
    errors.InvalidBase64CharactersDefect,
    errors.InvalidBase64LengthDefect,
    errors.InvalidBase64PaddingDefect,
    errors.MissingHeaderBodySeparatorDefect,
    errors.MultipartInvariantViolationDefect,
    errors.NoBoundaryInMultipartDefect,
    errors.StartBoundaryNotFoundDefect,
    errors.UndecodableBytesDefect,
)


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """A file in a message."""

    filename: str
    content_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 in hex."""
        return hashlib.sha256(self.content).hexdigest()


def walk(message: Message) -> Iterator[Message]:
    """Yield the message and its parts, at most MOST_PARTS and DEEPEST levels down."""
    waiting = [(message, 0)]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part, depth = waiting.pop()
        yield part
        if part.is_multipart() and depth < DEEPEST:
            waiting += [(child, depth + 1) for child in reversed(children(part))]


def children(part: Message) -> list[Message]:
    """Return the parts directly within a multipart."""
    inner = part.get_payload()
    return [child for child in inner if isinstance(child, Message)] if isinstance(inner, list) else []


def content_type(part: Message) -> str:
    """Return the type in lower case; what is no type counts as text/plain, as RFC 2045 says."""
    return storable(part.get_content_type())[:127]


def is_file(part: Message) -> bool:
    """Tell whether a part is meant as a file rather than as text to be read."""
    return part.get_content_disposition() == "attachment" or bool(filename(part))


def filename(part: Message) -> str:
    """Return the name the sender gave, without folders; "" if there is none."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        try:
            value = part.get_param(parameter, header=header)
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        if value:
            text = readable(email.utils.collapse_rfc2231_value(value, errors="replace"))
            return text.replace("\\", "/").rpartition("/")[2][-255:]
    return ""


def content(part: Message) -> bytes:
    """Return a part's decoded bytes; a message within a message as it stands."""
    inner = part.get_payload(decode=True)
    if isinstance(inner, bytes):
        return inner
    return b"\n".join(child.as_bytes() for child in children(part))


def text(part: Message) -> tuple[str, str]:
    """Return a text part's text, and what was wrong with its charset ("" if nothing)."""
    declared = part.get_param("charset")
    charset = email.utils.collapse_rfc2231_value(declared, errors="replace") if declared else None
    return decode(content(part), charset)


def attachment(part: Message) -> ParsedAttachment:
    """Return a part as a file."""
    kind = content_type(part)
    name = filename(part) or ("message.eml" if kind == "message/rfc822" else "")
    return ParsedAttachment(filename=name, content_type=kind, content=content(part))


def broken_encodings(message: Message) -> list[str]:
    """Return what the parser found broken in structure and encodings, once each; contents must have been read."""
    found = [defect for part in walk(message) for defect in part.defects if isinstance(defect, _SERIOUS)]
    return list(dict.fromkeys(_described(defect) for defect in found))


def _described(defect: errors.MessageDefect) -> str:
    name = type(defect).__name__.removesuffix("Defect")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
