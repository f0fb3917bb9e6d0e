"""Words and their parts, hashed into a fixed number of places: offline, no weights; finds forms and misspellings.

The hashing trick with signs (K. Weinberger et al., ICML 2009) over words and n-grams of their letters, as fastText has
them (P. Bojanowski et al., TACL 2017), with counts damped by the logarithm. It knows no synonyms.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

from ingestion.searching.words import words_of

PLACES = 384
SHORTEST_WORD = 3
N_GRAMS = (3, 4)


class HashedNGrams:
    """The embedder that is built in."""

    name = "hashed"
    # Three times what chance makes of strangers: 1 / sqrt(384) is 0.05.
    least_similarity = 0.14

    def embed(self, texts: Sequence[str]) -> list[Sequence[float]]:
        """Return a vector of 384 places per text; one of a single place for a text without words."""
        return [_vector(text) for text in texts]


def _vector(text: str) -> list[float]:
    counts = Counter(word for word in words_of(text) if len(word) >= SHORTEST_WORD)
    vector = [0.0] * PLACES
    for word, count in counts.items():
        for feature in (word, *_parts(word)):
            _add(vector, feature, 1 + math.log(count))
    if not any(vector):
        vector[0] = 1.0
    return vector


def _parts(word: str) -> Iterator[str]:
    marked = f"<{word}>"
    return (marked[at : at + n] for n in N_GRAMS for at in range(len(marked) - n + 1))


def _add(vector: list[float], feature: str, weight: float) -> None:
    hashed = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
    vector[(hashed >> 1) % PLACES] += weight if hashed & 1 else -weight
