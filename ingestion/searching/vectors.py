"""Vectors of meaning as bytes, how near two are, and how two rankings become one; pure."""

from __future__ import annotations

import heapq
import math
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import mul

# G. Cormack, C. Clarke, S. Büttcher: "Reciprocal Rank Fusion", SIGIR 2009; k as there.
FUSION_K = 60


def packed(vector: Iterable[float]) -> bytes:
    """Return the vector at length 1 as float32, little-endian.

    Raises: ValueError for one that is zero or not finite.
    """
    values = array("f", vector)
    length = math.sqrt(sum(value * value for value in values))
    if not math.isfinite(length) or length == 0:
        raise ValueError("no vector with a direction")
    made = array("f", (value / length for value in values))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def unpacked(content: bytes | memoryview) -> array[float]:
    """Return the vector of those bytes."""
    made = array("f")
    made.frombytes(bytes(content))
    if sys.byteorder == "big":
        made.byteswap()
    return made


def nearest(wanted: bytes, entries: Iterable[tuple[int, bytes]], *, least: float, limit: int) -> list[int]:
    """Return the entries whose cosine with the wanted vector is at least `least`, the nearest first."""
    target = unpacked(wanted)
    scored = ((sum(map(mul, target, unpacked(each))), pk) for pk, each in entries if len(each) == len(wanted))
    return [pk for _, pk in heapq.nlargest(limit, (pair for pair in scored if pair[0] >= least))]


def fused(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Return all that is ranked, by the sum of 1 / (60 + rank) over the rankings."""
    scores: dict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, pk in enumerate(ranking, start=1):
            scores[pk] += 1 / (FUSION_K + rank)
    return sorted(scores, key=lambda pk: (-scores[pk], -pk))
