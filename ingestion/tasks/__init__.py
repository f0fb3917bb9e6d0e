"""One job per file; importing this package registers them all."""

from ingestion.tasks.classify_emails import classify_emails
from ingestion.tasks.ingest_emails import ingest_emails
from ingestion.tasks.sync_account import sync_account

__all__ = ["classify_emails", "ingest_emails", "sync_account"]
