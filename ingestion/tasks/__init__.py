"""One job per file; importing this package registers them all."""

from ingestion.tasks.archive_calendar import archive_calendar
from ingestion.tasks.classify_emails import classify_emails
from ingestion.tasks.erase_user_data import erase_user_data
from ingestion.tasks.export_user_data import export_user_data
from ingestion.tasks.extract_transactions import extract_transactions
from ingestion.tasks.fact_decay import fact_decay
from ingestion.tasks.index_for_search import index_for_search
from ingestion.tasks.ingest_calendar_events import ingest_calendar_events
from ingestion.tasks.ingest_emails import ingest_emails
from ingestion.tasks.process_threads import process_threads
from ingestion.tasks.renew_subscription import renew_subscription
from ingestion.tasks.renew_subscriptions import renew_subscriptions
from ingestion.tasks.sync_account import sync_account
from ingestion.tasks.sync_calendar import sync_calendar

__all__ = [
    "archive_calendar",
    "classify_emails",
    "erase_user_data",
    "export_user_data",
    "extract_transactions",
    "fact_decay",
    "index_for_search",
    "ingest_calendar_events",
    "ingest_emails",
    "process_threads",
    "renew_subscription",
    "renew_subscriptions",
    "sync_account",
    "sync_calendar",
]
