"""OpenAI's embeddings: a vector per text, given back in any order; refuses what the real server refuses."""

from __future__ import annotations

import zlib
from typing import Any

from tests.doubles.server import Double, Reply, Request

KEY = "sk-embed-2718"
MOST_INPUTS = 2048


class EmbeddingServer(Double):
    """Answers each known word with its own direction; `refusals` are given first."""

    def __init__(self) -> None:
        self.refusals: list[Reply] = []
        super().__init__(self._reply)

    def _reply(self, request: Request) -> Reply:
        if request.path != "/v1/embeddings":
            return Reply(404, {"error": {"message": "no such path"}})
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Reply(401, {"error": {"message": "Incorrect API key provided"}})
        if self.refusals:
            return self.refusals.pop(0)
        texts: list[str] = request.json["input"]
        if not texts or len(texts) > MOST_INPUTS or not all(texts):
            return Reply(400, {"error": {"message": "'$.input' is invalid"}})
        data: list[dict[str, Any]] = [
            {"object": "embedding", "index": at, "embedding": _vector(text)} for at, text in enumerate(texts)
        ]
        return Reply(200, {"object": "list", "data": data[::-1], "usage": {"prompt_tokens": 9, "total_tokens": 9}})


def _vector(text: str) -> list[float]:
    # It knows one synonym, which no words have in common.
    words = text.lower().replace("vehicle", "car").split()
    vector = [0.001] * 1024
    for word in words:
        vector[zlib.crc32(word.encode()) % 1024] += 1.0
    return vector
