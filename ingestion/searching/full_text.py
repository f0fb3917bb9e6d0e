"""The database's own full-text index: PostgreSQL's tsvector, SQLite's FTS5; both get the same words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from django.db import connection

from ingestion.models import SearchEntry
from ingestion.searching.query import Term, as_match, as_tsquery
from ingestion.searching.words import MOST_WORDS, Document, words_of

MOST_POSITIONS = 250
# PostgreSQL's bound of a megabyte holds for positions, too.
MOST_BYTES = 600_000
ENTRIES, FTS5 = "ingestion_searchentry", "ingestion_searchwords"
KINDS = {"": "", "mail": " AND e.mail_id IS NOT NULL", "event": " AND e.series_id IS NOT NULL"}


def index_words(documents: Iterable[tuple[int, Document]]) -> None:
    """Put the words of each entry, by its id, in place of those it had; in the caller's transaction."""
    with connection.cursor() as cursor:
        for entry_id, document in documents:
            if connection.vendor == "postgresql":
                statement = f"UPDATE {ENTRIES} SET words = %s::tsvector WHERE id = %s"  # noqa: S608 - a constant
                cursor.execute(statement, [as_tsvector(document), entry_id])
            else:
                cursor.execute(f"DELETE FROM {FTS5} WHERE rowid = %s", [entry_id])  # noqa: S608 - a constant
                cursor.execute(
                    f"INSERT INTO {FTS5} (rowid, title, people, body) VALUES (%s, %s, %s, %s)",  # noqa: S608
                    [entry_id, *(" ".join(islice(words_of(text), MOST_WORDS)) for text in _parts(document))],
                )


def find_by_words(owner_id: int | None, terms: tuple[Term, ...], *, kind: str = "", limit: int) -> list[int]:
    """Return the owner's entries, or everybody's, that have all terms, the best first; the title counts most."""
    whose = "" if owner_id is None else " AND e.owner_id = %s"
    values = [] if owner_id is None else [owner_id]
    given: list[str | int]
    if connection.vendor == "postgresql":
        statement = (
            f"SELECT e.id FROM {ENTRIES} e, (SELECT %s::tsquery AS wanted) q "  # noqa: S608 - constants
            f"WHERE e.words @@ q.wanted{whose}{KINDS[kind]} "
            "ORDER BY ts_rank(e.words, q.wanted) DESC, e.happened_at DESC, e.id DESC LIMIT %s"
        )
        given = [as_tsquery(terms), *values, limit]
    else:
        statement = (
            f"SELECT e.id FROM {FTS5} JOIN {ENTRIES} e ON e.id = {FTS5}.rowid "  # noqa: S608 - constants
            f"WHERE {FTS5} MATCH %s{whose}{KINDS[kind]} "
            f"ORDER BY bm25({FTS5}, 10.0, 5.0, 1.0), e.happened_at DESC, e.id DESC LIMIT %s"
        )
        given = [as_match(terms), *values, limit]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [row[0] for row in cursor.fetchall()]


def mails_with(terms: tuple[Term, ...], *, limit: int = 500) -> list[int]:
    """Return the keys of the mails, of everybody, that have all terms: the best ones."""
    entries = find_by_words(None, terms, kind="mail", limit=limit)
    return list(SearchEntry.objects.filter(pk__in=entries).values_list("mail_id", flat=True))


def as_tsvector(document: Document) -> str:
    """Return the document in PostgreSQL's form, made here so that its parser, which knows no accents, plays no part."""
    places: dict[str, list[str]] = {}
    at = size = 0
    for weight, text in zip("ABD", _parts(document), strict=True):
        for word in islice(words_of(text), max(0, MOST_WORDS - at)):
            at += 1
            size += 0 if word in places else len(word.encode())
            if size > MOST_BYTES:
                break
            if len(places.setdefault(word, [])) < MOST_POSITIONS:
                places[word].append(f"{at}{weight}")
        at += 1  # No phrase spans two parts.
    return " ".join(f"'{word}':{','.join(positions)}" for word, positions in places.items())


def _parts(document: Document) -> tuple[str, str, str]:
    return document.title, document.people, document.body
