"""Prepares a mail's text for the rules: own words only, whole sentences, the language they are in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestion.llm.facts import MailFacts
from ingestion.llm.rules.languages import ENGLISH, LANGUAGES, Vocabulary

LONGEST_TEXT = 20_000
SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
ATTRIBUTION = re.compile(
    r"^(?:On .{5,120} wrote|Am .{5,120} schrieb .{0,80}|Le .{5,120} a écrit ?):\s*$"
    r"|^-{3,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine)",
    re.MULTILINE | re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
# A full stop after one or two digits belongs to a date or a list, one after these words to a title.
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\b\d\.)(?<!\b\d\d\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bNr\.)\s+")
CLOSING_WORDS = 5
SENTENCE_CLOSE = (".", "!", "?", ":")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A mail's text, prepared."""

    language: Vocabulary
    is_known_language: bool
    text: str
    """Subject and own words, straight apostrophes."""
    sentences: tuple[str, ...]
    """Sentences of the body, without greetings and closings."""


def read(mail: MailFacts) -> Reading:
    """Return the mail's text as the rules read it."""
    body = own_words(mail.text[:LONGEST_TEXT])
    text = straight(f"{mail.subject}\n{body}")
    language, known = recognise(text)
    return Reading(
        language=language, is_known_language=known, text=text, sentences=tuple(_sentences(straight(body), language))
    )


def straight(text: str) -> str:
    """Return `text` with typewriter apostrophes and ordinary spaces."""
    return text.replace("\u2019", "'").replace("\xa0", " ").replace("\u202f", " ")


def own_words(text: str) -> str:
    """Return `text` without quoted mail and signature."""
    for mark in (ATTRIBUTION, SIGNATURE):
        found = mark.search(text)
        if found and text[: found.start()].strip():
            text = text[: found.start()]
    return "\n".join(line for line in text.splitlines() if not line.startswith(">"))


def recognise(text: str) -> tuple[Vocabulary, bool]:
    """Return the language with the most frequent words in `text`, and whether there was any sign of it."""
    words = [word.lower() for word in WORD.findall(text)]
    counted = [(sum(word in language.common for word in words), language) for language in LANGUAGES]
    most, language = max(counted, key=lambda pair: pair[0])
    return (language, True) if most else (ENGLISH, False)


def requests_in(reading: Reading) -> tuple[str, ...]:
    """Return the sentences that ask the reader for something."""
    language = reading.language
    return tuple(
        sentence
        for sentence in reading.sentences
        if (sentence.endswith("?") or language.request.search(sentence)) and not language.no_request.search(sentence)
    )


def _sentences(body: str, language: Vocabulary) -> list[str]:
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", _without_closing(body)):
        lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
        kept = [line for line in lines if not _is_courtesy(line, language)]
        found += [sentence.strip() for sentence in SENTENCE_END.split(" ".join(kept)) if WORD.search(sentence)]
    return found


def _without_closing(body: str) -> str:
    lines = body.rstrip().splitlines()
    while lines and len(lines[-1].split()) <= CLOSING_WORDS and not lines[-1].rstrip().endswith(SENTENCE_CLOSE):
        lines.pop()
    return "\n".join(lines) or body


def _is_courtesy(line: str, language: Vocabulary) -> bool:
    if line.endswith(SENTENCE_CLOSE) and len(line.split()) > 2:
        return False
    return len(line.split()) <= 6 and language.courtesy.match(line) is not None
