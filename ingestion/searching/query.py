"""What a person types into a search, as terms: words, "phrases", begin* and -without; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestion.searching.words import words_of

MOST_TERMS = 32
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>\S+))')


class BadQueryError(ValueError):
    """Nothing can be looked for by this."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one behind the other."""

    words: tuple[str, ...]
    is_excluded: bool = False
    is_prefix: bool = False
    """The last word may go on."""


def parse_query(text: str) -> tuple[Term, ...]:
    """Return the terms of a query; all that aren't excluded must be found.

    Raises: BadQueryError when nothing is left to look for, or there are more than 32 terms.
    """
    terms = tuple(term for match in _TERM.finditer(text) if (term := _term(match)).words)
    if not any(not term.is_excluded for term in terms):
        raise BadQueryError("Name at least one word to look for.")
    if len(terms) > MOST_TERMS:
        raise BadQueryError(f"At most {MOST_TERMS} words or phrases.")
    return terms


def as_tsquery(terms: tuple[Term, ...]) -> str:
    """Return the terms in PostgreSQL's form; words hold letters and digits only, so nothing needs escaping."""
    return " & ".join(f"{'!' if term.is_excluded else ''}({_chain(term)})" for term in terms)


def as_match(terms: tuple[Term, ...]) -> str:
    """Return the terms in the form of SQLite's FTS5."""
    wanted = " AND ".join(_quoted(term) for term in terms if not term.is_excluded)
    return "".join([f"({wanted})", *(f" NOT {_quoted(term)}" for term in terms if term.is_excluded)])


def _term(match: re.Match[str]) -> Term:
    text = match["phrase"] if match["phrase"] is not None else match["word"]
    is_prefix = match["word"] is not None and text.endswith("*")
    return Term(tuple(words_of(text)), is_excluded=bool(match["minus"]), is_prefix=is_prefix)


def _chain(term: Term) -> str:
    return " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.is_prefix else "")


def _quoted(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "")
