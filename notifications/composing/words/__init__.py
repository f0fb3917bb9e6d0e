"""Words that are no names, and words that tell times and amounts; one file per language, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
ENDINGS = ("", "e", "n", "s", "en", "es", "er", "ern")
NOUNLY = ("ung", "ungen", "heit", "heiten", "keit", "keiten", "schaft", "schaften", "tion", "tionen", "tät", "täten")
LINKS = ("", "s", "n", "en", "es")
SHORTEST_PART = 3


def is_quantity(word: str, language: str) -> bool:
    """Return whether a word, in small letters, tells a time or an amount: a weekday, a month, a number, a currency."""
    return word in _words("quantities", language)


def is_common(word: str, language: str) -> bool:
    """Return whether a word, in small letters, is none that only a name is; German nouns count."""
    return word in _words("common", language) or (language == "de" and _is_german_noun(word))


def _is_german_noun(word: str) -> bool:
    if word.endswith(NOUNLY) or _is_inflected(word):
        return True
    cuts = range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
    return any(_is_inflected(word[cut:]) and _is_first_part(word[:cut]) for cut in cuts)


def _is_inflected(word: str) -> bool:
    return any(word.removesuffix(ending) in _words("nouns", "de") for ending in ENDINGS if word.endswith(ending))


def _is_first_part(word: str) -> bool:
    known = _words("nouns", "de") | _words("quantities", "de")
    return any(word.removesuffix(link) in known for link in LINKS if word.endswith(link))


@cache
def _words(kind: str, language: str) -> frozenset[str]:
    return frozenset((FOLDER / f"{kind}.{language}.txt").read_text(encoding="utf-8").split())
