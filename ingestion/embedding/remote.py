"""Any server that speaks OpenAI's embeddings: one call per batch; its errors say whether a retry helps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.llm.errors import ModelRefusedError, ModelUnavailableError, NonsenseError
from ingestion.providers.http import tls

MOST_PLACES = 8192


@dataclass(frozen=True, kw_only=True)
class RemoteEmbedder:
    """A model at an address such as https://api.openai.com/v1."""

    model: str
    base_url: str
    api_key: str = field(repr=False)
    timeout_seconds: float
    least_similarity: float = 0.0

    @property
    def name(self) -> str:
        """What its vectors are called."""
        return f"openai:{self.model}"[:100]

    def embed(self, texts: Sequence[str]) -> list[Sequence[float]]:
        """Return the server's vectors; see Embedder."""
        # Servers refuse empty texts.
        answer = self._ask({"model": self.model, "input": [text.strip() or "-" for text in texts]})
        try:
            vectors = [each["embedding"] for each in sorted(answer["data"], key=lambda each: each["index"])]
        except (KeyError, TypeError):
            raise NonsenseError("the embedder's answer has another form") from None
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise NonsenseError("the embedder gave too many or too few vectors, or of different lengths")
        if not all(_is_vector(vector) for vector in vectors):
            raise NonsenseError("the embedder gave vectors of something else than finite numbers")
        return vectors

    def _ask(self, asked: dict[str, Any]) -> Any:
        import httpx2

        headers = {"Authorization": f"Bearer {self.api_key}"}
        url = f"{self.base_url.rstrip('/')}/embeddings"
        try:
            answer = httpx2.post(url, json=asked, headers=headers, timeout=self.timeout_seconds, verify=tls())
        except httpx2.TransportError as error:
            raise ModelUnavailableError(f"the embedder: {type(error).__name__}") from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise ModelUnavailableError(f"the embedder: HTTP {answer.status_code}")
        if answer.status_code != 200:
            raise ModelRefusedError(f"the embedder: HTTP {answer.status_code}")
        try:
            return answer.json()
        except ValueError:
            raise NonsenseError("the embedder's answer is no JSON") from None


def _is_vector(vector: Any) -> bool:
    are_numbers = 0 < len(vector) <= MOST_PLACES and all(isinstance(value, int | float) for value in vector)
    return are_numbers and any(vector) and all(math.isfinite(value) for value in vector)
