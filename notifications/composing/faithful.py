"""Checks that a text says what its draft says and invents nothing; pure.

Names, times and amounts of the text must stand in the draft word for word. A sentence with a time or an amount takes
all of them from one place of it, so that nothing changes places; and none of the draft's may be left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from notifications.composing.page import BULLET, LABEL
from notifications.composing.words import is_common, is_quantity

TOKEN = re.compile(
    r"(?P<address>\S*(?:://|@)\S*[\w/]|(?:[^\W_][\w-]*\.)+[^\W\d_]{2,}(?:/\S*[\w/])?)"
    r"|(?P<number>\d+(?:[.,:'\u2019/]\d+)*)|(?P<word>[^\W\d_]+)|(?P<sign>[^\w\s]|_)"
)
GERMAN_MONTH = "Jän|Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez"
SENTENCE_END = re.compile(rf"(?<=[.!?…])\s+(?=[^a-zà-ÿ\d])(?!{GERMAN_MONTH})")
WRAPPED = re.compile(r"(?<![.!?:;\n])\n(?=[a-zà-ÿ])")
JOINING = frozenset("-'\u2019\u2011")
OPENING = frozenset(':"(*\u201e\u201c\u00ab\u2013\u2014\u2022')
PART_OF_AMOUNT = frozenset("%‰")
LONGER_BY, LONGER_BY_FACTOR = 600, 2

Phrase = tuple[str, ...]


class Kind(Enum):
    """What a word is."""

    WORD = "word"
    NAME = "name"
    QUANTITY = "quantity"
    BREAK = "break"


@dataclass(frozen=True)
class Run:
    """Names and quantities that follow one another, such as "25 November 2026" or "Priya Nair"."""

    words: Phrase
    has_quantity: bool


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a text may be made from: the draft, and words that may be used anywhere."""

    title: str
    body: str
    language: str
    freely: Sequence[str] = ()


def problems(text: str, source: Source) -> list[str]:
    """Return what speaks against the text, in words; empty when it is faithful to its source."""
    text, title, body = (unicodedata.normalize("NFKC", each) for each in (text, source.title, source.body))
    small = frozenset(each[0] for each in TOKEN.finditer(f"{title}\n{body}") if each["word"] and each[0].islower())
    reader = _Reader(source.language, small)
    if odd := _odd_characters(text, title + body):
        return [f"odd characters: {odd}"]
    if len(text) > LONGER_BY_FACTOR * len(body) + LONGER_BY:
        return [f"{len(text)} characters for {len(body)}"]
    freely = [unicodedata.normalize("NFKC", each) for each in source.freely]
    places = _places(title, body, freely)
    kept = {line.strip() for line in body.splitlines()}
    told = [reader.runs(sentence) for sentence in _sentences(text) if sentence.strip() not in kept]
    found = [problem for runs in told for problem in _against(runs, places)]
    needless = {word for each in freely for phrase in _phrases(each) for word in phrase}
    return found + [f"left out: {word}" for word in _wanted(body, reader) if word not in needless | _words_of(text)]


class _Reader:
    """Tells the words of one language apart; words that the draft writes small are no names."""

    def __init__(self, language: str, small: frozenset[str]) -> None:
        self._language, self._small = language, small

    def runs(self, sentence: str) -> list[Run]:
        """Return the names and quantities of a sentence, those that follow one another together."""
        runs: list[Run] = []
        words: list[str] = []
        kinds: set[Kind] = set()
        for word, kind in [*self.kinds(sentence), ("", Kind.BREAK)]:
            if kind in {Kind.NAME, Kind.QUANTITY}:
                words.append(word)
                kinds.add(kind)
            elif words:
                runs.append(Run(tuple(words), Kind.QUANTITY in kinds))
                words, kinds = [], set()
        return runs

    def kinds(self, sentence: str) -> Iterator[tuple[str, Kind]]:
        """Yield each word of a sentence, in small letters, and what it is."""
        is_first = True
        for token in TOKEN.finditer(sentence):
            raw = token[0]
            if token["sign"] and unicodedata.category(raw) != "Sc" and raw not in PART_OF_AMOUNT:
                is_first = is_first or raw in OPENING
                if raw not in JOINING:
                    yield raw, Kind.BREAK
                continue
            yield raw.casefold(), self._kind(token, is_first=is_first)
            is_first = False

    def _kind(self, token: re.Match[str], *, is_first: bool) -> Kind:
        raw, small = token[0], token[0].casefold()
        if not token["word"] or any(each.isnumeric() for each in raw) or is_quantity(small, self._language):
            return Kind.NAME if token["address"] else Kind.QUANTITY
        if raw.islower() and _is_latin(raw):
            return Kind.WORD
        may_be_capital = is_first or self._language == "de" or small in {"i", "daybook"}
        is_known = small in self._small or is_common(small, self._language)
        is_shouted = len(raw) > 1 and raw.isupper()
        return Kind.WORD if may_be_capital and is_known and not is_shouted and _is_latin(raw) else Kind.NAME


@dataclass(frozen=True)
class _Places:
    """Phrases that may be put together, and those of details, which no sentence with a quantity may take up."""

    together: list[list[Phrase]]
    details: list[Phrase]


def _places(title: str, body: str, freely: Sequence[str]) -> _Places:
    """Return what the whole is about, and with it each item of a list.

    Details are paragraphs of labelled lines alone, such as when a mail was sent.
    """
    about, items = [title, *freely], list[str]()
    details: list[str] = []
    for paragraph in re.split(r"\n\s*\n", WRAPPED.sub(" ", body)):
        lines = paragraph.splitlines()
        if all(LABEL.fullmatch(line.strip()) for line in lines):
            details += lines
        else:
            about += [line for line in lines if not line.startswith(BULLET)]
            items += [line for line in lines if line.startswith(BULLET)]
    common = _phrases_of(about)
    return _Places([common, *([*common, *_phrases(item)] for item in items)], _phrases_of(details))


def _phrases_of(lines: Sequence[str]) -> list[Phrase]:
    return [phrase for line in lines for phrase in _phrases(line)]


def _phrases(line: str) -> Iterator[Phrase]:
    words: list[str] = []
    for token in [*TOKEN.finditer(line), None]:
        is_sign = token is not None and token["sign"] and unicodedata.category(token[0]) != "Sc"
        if token is None or (is_sign and token[0] not in PART_OF_AMOUNT | JOINING):
            if words:
                yield tuple(words)
            words = []
        elif not is_sign or token[0] in PART_OF_AMOUNT:
            words.append(token[0].casefold())


def _sentences(text: str) -> Iterator[str]:
    for line in WRAPPED.sub(" ", text).splitlines():
        yield from SENTENCE_END.split(line)


def _against(runs: Sequence[Run], places: _Places) -> Iterator[str]:
    """Yield what is wrong with one sentence."""
    anywhere = [*places.together, places.details]
    unknown = [run for run in runs if not any(_holds(place, run.words) for place in anywhere)]
    yield from (f"invented: {' '.join(run.words)}" for run in unknown)
    if unknown or not any(run.has_quantity for run in runs):
        return
    if not any(all(_holds(place, run.words) for run in runs) for place in places.together):
        yield f"put together anew: {', '.join(' '.join(run.words) for run in runs)}"


def _holds(place: Sequence[Phrase], words: Phrase) -> bool:
    length = len(words)
    return any(phrase[start : start + length] == words for phrase in place for start in range(len(phrase) - length + 1))


def _wanted(body: str, reader: _Reader) -> Iterator[str]:
    runs = (run for sentence in _sentences(body) for run in reader.runs(sentence))
    yield from dict.fromkeys(word for run in runs for word in run.words)


def _words_of(text: str) -> set[str]:
    return {word for phrase in _phrases(text) for word in phrase}


def _odd_characters(text: str, known: str) -> str:
    odd = {each for each in text if unicodedata.category(each)[0] == "C" and each not in "\n\t" and each not in known}
    return ", ".join(sorted(f"U+{ord(each):04X}" for each in odd))


def _is_latin(word: str) -> bool:
    return all(unicodedata.name(each, "").startswith("LATIN") for each in word)
