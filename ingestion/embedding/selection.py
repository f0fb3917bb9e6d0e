"""Chooses the embedder that EMBEDDING_MODEL names: hashed, or openai:NAME."""

from __future__ import annotations

from ingestion.conf import conf
from ingestion.embedding.hashed import HashedNGrams
from ingestion.embedding.protocol import Embedder
from ingestion.embedding.remote import RemoteEmbedder
from ingestion.llm.errors import UnknownModelError


def embedder() -> Embedder:
    """Return the embedder in force; nothing is connected before it is asked.

    Raises: UnknownModelError.
    """
    current = conf()
    kind, _, name = current.embedding_model.partition(":")
    if current.embedding_model == "hashed":
        return HashedNGrams()
    if kind != "openai" or not name:
        raise UnknownModelError(f"EMBEDDING_MODEL is {current.embedding_model!r}; known are: hashed, openai:NAME")
    if not current.embedding_base_url:
        raise UnknownModelError("EMBEDDING_MODEL needs EMBEDDING_BASE_URL, too")
    return RemoteEmbedder(
        model=name,
        base_url=current.embedding_base_url,
        api_key=current.embedding_api_key,
        timeout_seconds=current.llm_timeout_seconds,
    )
