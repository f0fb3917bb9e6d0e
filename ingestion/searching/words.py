"""Text as words that every database indexes alike: lower case, without accents, letters and digits only; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_WORD = 64
# Positions in PostgreSQL's text index end at 16,383.
MOST_WORDS = 16_000
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What can be found of one thing."""

    title: str
    people: str
    body: str


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text, in its order."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return (match[0][:LONGEST_WORD] for match in _WORD.finditer(kept))


def excerpt_of(text: str, wanted: Iterable[str], *, length: int = 160) -> str:
    """Return the part of the text around the first of the wanted words, or its beginning; on one line."""
    looked_for = set(wanted)
    at = next((m.start() for m in _WORD.finditer(text) if looked_for & set(words_of(m[0]))), 0)
    start = max(0, at - length // 3)
    part = " ".join(text[start : start + length].split())
    return f"{'…' if start else ''}{part}{'…' if start + length < len(text) else ''}"
