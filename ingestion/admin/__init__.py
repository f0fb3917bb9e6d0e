"""What came in and what was understood of it, in the admin, one module per model."""

from ingestion.admin import account, classification, mail, thread

__all__ = ["account", "classification", "mail", "thread"]
