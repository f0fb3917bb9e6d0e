"""Text found in attachments: one module per kind of file; what can't be read says why, and never raises."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.charsets import decode
from ingestion.extraction.confined import read_confined
from ingestion.extraction.message import message_text
from ingestion.html_text import html_text

LONGEST_TEXT = 500_000

_BY_SUFFIX = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "htm": "text/html",
    "html": "text/html",
    "eml": "message/rfc822",
    "ics": "text/calendar",
    "txt": "text/plain",
    "csv": "text/csv",
    "md": "text/plain",
    "json": "text/plain",
    "xml": "text/plain",
}
_UNSPECIFIC = frozenset(
    {"application/octet-stream", "application/x-download", "application/download", "text/plain", ""}
)
_TEXTUAL = frozenset({"application/json", "application/xml", "application/ics", "message/delivery-status"})
_CONFINED = {_BY_SUFFIX["pdf"]: "pdf", _BY_SUFFIX["docx"]: "docx"}


@dataclass(frozen=True, slots=True)
class Extracted:
    """Text of a file; `error` says why it is missing or cut."""

    text: str = ""
    error: str = ""


def extract_text(content: bytes, *, content_type: str, filename: str) -> Extracted:
    """Return the text in a file, bounded in time, size and pages."""
    kind = _kind(content_type, filename)
    try:
        text = _text(content, kind)
    except (ValueError, RecursionError) as error:
        return Extracted(error=str(error)[:500])
    if len(text) > LONGEST_TEXT:
        return Extracted(text[:LONGEST_TEXT], f"text of {len(text)} characters cut at {LONGEST_TEXT}")
    return Extracted(text)


def _kind(content_type: str, filename: str) -> str:
    suffix = filename.lower().rpartition(".")[2]
    return _BY_SUFFIX.get(suffix, content_type) if content_type in _UNSPECIFIC else content_type


def _text(content: bytes, kind: str) -> str:
    if kind in _CONFINED:
        return read_confined(_CONFINED[kind], content)
    if kind == "text/html":
        return html_text(decode(content, None)[0])
    if kind == "message/rfc822":
        return message_text(content)
    if kind.startswith("text/") or kind in _TEXTUAL:
        return decode(content, None)[0].strip()
    message = f"no text is read from {kind or 'files of unknown type'}"
    raise ValueError(message)
