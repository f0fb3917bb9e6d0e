"""What came in and what was understood of it, in the admin, one module per family of models."""

from ingestion.admin import account, archive, calendar, classification, mail, money, thread, understanding

__all__ = ["account", "archive", "calendar", "classification", "mail", "money", "thread", "understanding"]
