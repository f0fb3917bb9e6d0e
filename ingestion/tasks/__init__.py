"""One job per file; importing this package registers them all."""

from ingestion.tasks.classify_emails import classify_emails

__all__ = ["classify_emails"]
