"""What people type, as terms, in the forms of both databases."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.searching.query import BadQueryError, Term, as_match, as_tsquery, parse_query


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("invoice may", (Term(("invoice",)), Term(("may",)))),
        ('"Net Amount" EUR', (Term(("net", "amount")), Term(("eur",)))),
        ("Zürich* -draft", (Term(("zurich",), is_prefix=True), Term(("draft",), is_excluded=True))),
        ("anna@x.org", (Term(("anna", "x", "org")),)),
        ('"open end', (Term(("open", "end")),)),
        ("a - ' & | ! b", (Term(("a",)), Term(("b",)))),
    ],
)
def test_words_phrases_beginnings_and_exclusions(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_query(text) == terms


@pytest.mark.parametrize("text", ["", "  ", "-only", "!!", '""', "*", " ".join("abcdefghijklmnopqrstuvwxyz0123456789")])
def test_what_looks_for_nothing_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(BadQueryError):
        parse_query(text)


def test_both_databases_get_the_same_terms() -> None:
    terms = parse_query('pay "net amount" zur* -draft')
    assert as_tsquery(terms) == "('pay') & ('net' <-> 'amount') & ('zur':*) & !('draft')"
    assert as_match(terms) == '("pay" AND "net amount" AND "zur"*) NOT "draft"'


@given(st.text(max_size=60))
def test_no_text_breaks_the_index(text: str) -> None:
    try:
        terms = parse_query(text)
    except BadQueryError:
        return
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(title, people, body)")
    connection.execute("SELECT * FROM t WHERE t MATCH ?", [as_match(terms)]).fetchall()
    connection.close()
