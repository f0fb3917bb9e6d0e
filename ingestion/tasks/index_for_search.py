"""index_for_search: lets new mails and changed calendar objects be found, by their words and by their meaning."""

from __future__ import annotations

from ingestion.conf import conf
from ingestion.embedding.selection import embedder
from ingestion.searching.indexing import embed_entries, index_mails, index_series
from jobs import Concurrency, Retry, every, job


@job(
    queue="ai",
    schedule=every(minutes=conf().ai_processing_interval_minutes),
    retry=Retry(3),
    concurrency=Concurrency(1, on_conflict="skip"),
)
def index_for_search() -> dict[str, int]:
    """Index what is new and return {mails, events, embedded}; another EMBEDDING_MODEL embeds everything anew.

    Words are indexed before the embedder is asked, so that one that fails keeps nothing from being found by words.
    """
    found = {"mails": index_mails(), "events": index_series()}
    return {**found, "embedded": embed_entries(embedder())}
