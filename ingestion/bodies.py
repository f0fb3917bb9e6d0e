"""The text of a message as its reader would see it, and the files beside it; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message

from ingestion import parts
from ingestion.html_text import LONGEST_HTML, html_text


@dataclass(slots=True)
class Body:
    """What was found on the way through the parts."""

    text: str = ""
    html_present: bool = False
    attachments: tuple[parts.ParsedAttachment, ...] = ()
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    html_present: bool = False
    attachments: list[parts.ParsedAttachment] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    parts_left: int = parts.MOST_PARTS


def read_body(message: Message) -> Body:
    """Return the text and the files of a message; of alternatives the plain text, unless it is blank."""
    reading = _Reading()
    plain, rich = _texts(message, reading, depth=0)
    return Body(
        text=(plain.strip() and plain) or rich,
        html_present=reading.html_present,
        attachments=tuple(reading.attachments),
        problems=reading.problems,
    )


def _texts(part: Message, reading: _Reading, *, depth: int) -> tuple[str, str]:
    """Return (text, text of HTML) of a part and all within; HTML counts as text where it has no alternative."""
    reading.parts_left -= 1
    if depth > parts.DEEPEST or reading.parts_left < 0:
        reading.problems.append("parts nested too deeply or too many: some were left out")
        return "", ""
    kind = parts.content_type(part)
    if kind.startswith("multipart/"):
        return _multipart_texts(part, reading, depth=depth)
    return _leaf_texts(part, kind, reading)


def _multipart_texts(part: Message, reading: _Reading, *, depth: int) -> tuple[str, str]:
    inner = parts.children(part)
    if not inner:
        # No boundary was found: what there is, is text.
        return _decoded(part, reading), ""
    found = [_texts(child, reading, depth=depth + 1) for child in inner]
    if parts.content_type(part) == "multipart/alternative":
        plains = [plain for plain, _ in found if plain.strip()]
        riches = [rich for _, rich in found if rich.strip()]
        return next(iter(plains), ""), next(reversed(riches), "")
    return "\n\n".join(text.strip("\n") for text in (plain or rich for plain, rich in found) if text.strip()), ""


def _leaf_texts(part: Message, kind: str, reading: _Reading) -> tuple[str, str]:
    if kind not in {"text/plain", "text/html"} or parts.is_file(part):
        reading.attachments.append(parts.attachment(part))
        return "", ""
    text = _decoded(part, reading)
    if kind == "text/plain":
        return text, ""
    reading.html_present = True
    if len(text) > LONGEST_HTML:
        reading.problems.append(f"HTML of {len(text)} characters cut at {LONGEST_HTML}")
    try:
        return "", html_text(text)
    except (ValueError, RecursionError) as error:
        reading.problems.append(f"unreadable HTML: {error}")
        return "", ""


def _decoded(part: Message, reading: _Reading) -> str:
    text, complaint = parts.text(part)
    if complaint:
        reading.problems.append(complaint)
    return text
