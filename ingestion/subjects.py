"""Subjects without what replying and forwarding adds, in three and more languages; pure."""

from __future__ import annotations

import re

LONGEST = 255

# English, German, French and Italian as mail programs write them, Scandinavian and Dutch because they are alike.
_PREFIX = re.compile(
    r"""\s*(?:
        (?P<reply>re|aw|antw(?:ort)?|rép|réf|rif|r|sv|vs)
        |(?P<forward>fwd?|wg|wtr|tr|i|rv|vb|vl|weitergeleitet|doorst)
    )\s*(?:[\[(]\s*\d{1,4}\s*[\])]|\^\d{1,4}|\*\d{1,4})?\s*[:\uff1a]\s*""",
    re.IGNORECASE | re.VERBOSE,
)
# A tag with a number tells tickets apart and stays.
_LIST_TAG = re.compile(r"\s*\[[^\[\]\d]{1,40}\]\s*")
_FORWARD_TAIL = re.compile(r"\s*\(fwd\)\s*$", re.IGNORECASE)


def base_subject(subject: str) -> str:
    """Return what replies and forwards of a subject share, in lower case (RFC 5256, 2.1, widened to more languages)."""
    rest = stripped_subject(subject)
    return " ".join(rest.casefold().split())[:LONGEST]


def stripped_subject(subject: str) -> str:
    """Return a subject for reading: without prefixes and list tag, in its own case."""
    rest = subject.strip()
    while True:
        shorter = _FORWARD_TAIL.sub("", _without_prefix(_without_tag(rest)))
        if shorter == rest:
            return rest
        rest = shorter


def is_reply_or_forward(subject: str) -> bool:
    """Tell whether a subject says that the mail answers or forwards another."""
    return bool(_PREFIX.match(_without_tag(subject)) or _FORWARD_TAIL.search(subject))


def list_tags(subject: str) -> set[str]:
    """Return the names of lists in square brackets in a subject, with their brackets, lower case."""
    return {" ".join(tag.split()).lower() for tag in _LIST_TAG.findall(subject)}


def _without_prefix(subject: str) -> str:
    return _PREFIX.sub("", subject, count=1) if _PREFIX.match(subject) else subject


def _without_tag(subject: str) -> str:
    rest = _LIST_TAG.sub("", subject, count=1) if _LIST_TAG.match(subject) else subject
    return rest or subject
