"""The shape of every embedder; never the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """Vectors of the same name can be compared; at most 100 characters."""

    @property
    def least_similarity(self) -> float:
        """The cosine below which two texts have nothing to do with each other."""

    def embed(self, texts: Sequence[str]) -> list[Sequence[float]]:
        """Return a vector per text, all of one length, not yet of length 1.

        Raises: one of ingestion.llm.errors.
        """
