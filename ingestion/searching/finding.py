"""Finds a user's mails and events by words, by meaning, or by both; for every face alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from ingestion.embedding.selection import embedder
from ingestion.models import SearchEntry
from ingestion.searching.documents import document_of_mail, document_of_series
from ingestion.searching.full_text import find_by_words
from ingestion.searching.query import Term, parse_query
from ingestion.searching.vectors import fused, nearest, packed
from ingestion.searching.words import excerpt_of

# Meanings are compared one by one: this bounds the time a search takes.
MOST_COMPARED = 20_000
CANDIDATES = 100


class Mode(StrEnum):
    """How to look."""

    WORDS = "words"
    MEANING = "meaning"
    BOTH = "both"


class Kind(StrEnum):
    """What to look for."""

    ANY = ""
    MAIL = "mail"
    EVENT = "event"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that was found."""

    kind: str
    id: int
    """Of the mail, or of the calendar object."""
    title: str
    who: str
    happened_at: datetime
    excerpt: str


def search(owner_id: int, text: str, *, mode: Mode = Mode.BOTH, kind: Kind = Kind.ANY, limit: int = 20) -> list[Found]:
    """Return what the user has that fits the text, the best first.

    By words, all of them must be there: a "phrase" as it stands, begin* as a beginning, -without not at all. By
    meaning, the latest 20,000 things are compared. Both rankings are fused by rank.

    Raises: BadQueryError; what the embedder does.
    """
    terms = parse_query(text)
    rankings: list[list[int]] = []
    if mode != Mode.MEANING:
        rankings.append(find_by_words(owner_id, terms, kind=kind, limit=CANDIDATES))
    if mode != Mode.WORDS:
        rankings.append(_by_meaning(owner_id, text, kind=kind))
    return _told(fused(rankings)[:limit], terms)


def _by_meaning(owner_id: int, text: str, *, kind: Kind) -> list[int]:
    model = embedder()
    rows: QuerySet[SearchEntry] = SearchEntry.objects.filter(owner_id=owner_id, embedded_by=model.name)
    if kind:
        rows = rows.filter(**{"mail__isnull" if kind == Kind.MAIL else "series__isnull": False})
    wanted = packed(model.embed([text])[0])
    entries = rows.order_by("-happened_at").values_list("pk", "vector")[:MOST_COMPARED]
    pairs = ((pk, bytes(vector)) for pk, vector in entries.iterator(chunk_size=1000) if vector is not None)
    return nearest(wanted, pairs, least=model.least_similarity, limit=CANDIDATES)


def _told(ids: list[int], terms: tuple[Term, ...]) -> list[Found]:
    rows = SearchEntry.objects.select_related("mail", "series").prefetch_related("mail__attachments").in_bulk(ids)
    wanted = {word for term in terms if not term.is_excluded for word in term.words}
    return [_found(rows[pk], wanted) for pk in ids if pk in rows]


def _found(entry: SearchEntry, wanted: set[str]) -> Found:
    if entry.mail:
        mail, document = entry.mail, document_of_mail(entry.mail)
        kind, pk, who = Kind.MAIL, mail.pk, mail.sender_name or mail.sender_address
    else:
        assert entry.series is not None
        document = document_of_series(entry.series)
        kind, pk, who = Kind.EVENT, entry.series.pk, document.people
    return Found(
        kind=kind,
        id=pk,
        title=document.title,
        who=who.strip()[:200],
        happened_at=entry.happened_at,
        excerpt=excerpt_of(document.body, wanted),
    )
