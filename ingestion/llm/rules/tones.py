"""Words that please, words that complain, and words that promise, in the languages that the rules know."""

from __future__ import annotations

import re

from ingestion.llm.rules.languages.vocabulary import phrases
from ingestion.llm.rules.reading import Reading

_GOOD = {
    "en": phrases(
        "thank(?:s| you)",
        "great",
        "perfect",
        "wonderful",
        "excellent",
        "happy",
        "glad",
        "pleased",
        "lovely",
        "congrat\\w+",
    ),
    "de": phrases(
        "danke?",
        "dank",
        "super",
        "toll",
        "prima",
        "perfekt",
        "wunderbar",
        "freue?n?",
        "gern(?:e)?",
        "herzlich\\w*",
        "gratul\\w+",
    ),
    "fr": phrases("merci", "parfait\\w*", "super", "ravie?s?", "excellente?", "bravo", "contente?s?", "félicitations"),
}
_BAD = {
    "en": phrases(
        "disappoint\\w+",
        "unacceptable",
        "angry",
        "annoy\\w+",
        "complain\\w*",
        "complaint",
        "problem",
        "wrong",
        "sorry",
        "unfortunately",
        "failed",
        "overdue",
        "terrible",
        "upset",
        "late fee",
        "broken",
    ),
    "de": phrases(
        "enttäusch\\w+",
        "inakzeptabel",
        "ärger\\w*",
        "beschwer\\w+",
        "reklam\\w+",
        "problem\\w*",
        "falsch",
        "leider",
        "mahn\\w+",
        "überfällig",
        "schlecht\\w*",
        "kaputt",
        "verspät\\w+",
    ),
    "fr": phrases(
        "déçue?s?",
        "inacceptable",
        "colère",
        "plainte",
        "réclamation",
        "problème",
        "erreur",
        "désolée?s?",
        "malheureusement",
        "retard",
        "impayée?s?",
        "cassée?s?",
    ),
}
_PROMISE = {
    "en": re.compile(r"\b(?:I|we)(?:'ll| will| am going to| promise to)\b", re.IGNORECASE),
    "de": re.compile(
        r"\b(?:ich|wir) (?:werden?|schicken?|melden?|bringen?|kümmern?|sende|verspreche)\b|"
        r"\b(?:schicke|sende|melde|bringe|kümmere) ich\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\bje (?:vais|(?:vous |te |m'en )?(?:envoie|enverrai|ferai|apporterai|promets|occupe))\b|\bnous allons\b",
        re.IGNORECASE,
    ),
}


def tone_of(reading: Reading) -> tuple[int, int]:
    """Return how many words please and how many complain."""
    code = reading.language.code
    return len(_GOOD[code].findall(reading.text)), len(_BAD[code].findall(reading.text))


def promise_of(sentence: str, reading: Reading) -> bool:
    """Tell whether who wrote the sentence promises something."""
    return not sentence.endswith("?") and _PROMISE[reading.language.code].search(sentence) is not None
