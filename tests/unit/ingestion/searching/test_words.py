"""Text as words, documents as PostgreSQL's vectors, excerpts."""

from __future__ import annotations

from ingestion.searching.full_text import as_tsvector
from ingestion.searching.words import Document, excerpt_of, words_of


def test_case_accents_and_signs_make_no_difference() -> None:
    assert list(words_of("Grüße aus ZÜRICH, 1'200.50 EUR — ﬁn_al²")) == [
        *("grusse", "aus", "zurich", "1", "200", "50", "eur", "fin", "al2")
    ]


def test_a_document_is_a_vector_with_places_and_weights_and_no_phrase_spans_two_parts() -> None:
    document = Document(title="Pay Bob", people="Bob", body="pay it's")
    assert as_tsvector(document) == "'pay':1A,6D 'bob':2A,4B 'it':7D 's':8D"


def test_no_document_is_too_long_for_the_index() -> None:
    vector = as_tsvector(Document(title="a " * 400, people="", body=" ".join(f"w{n}" for n in range(40_000))))
    assert vector.split(" ")[0].count(",") == 249
    assert (
        max(int(place.rstrip("ABD")) for word in vector.split(" ") for place in word.split(":")[1].split(",")) <= 16_383
    )


def test_an_excerpt_is_around_the_first_hit() -> None:
    text = f"{'before ' * 40}the Überweisung came\n\n{'after ' * 40}"
    excerpt = excerpt_of(text, ["uberweisung"])
    assert "the Überweisung came after" in excerpt
    assert (excerpt[0], excerpt[-1], "\n" in excerpt) == ("…", "…", False)
    assert excerpt_of("short", ["nothing"]) == "short"
