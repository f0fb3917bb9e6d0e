"""What came in and what was understood of it."""

from ingestion.models.account import Account
from ingestion.models.attachment import Attachment
from ingestion.models.mail import Mail, MailCopy
from ingestion.models.thread import Thread, ThreadReference

__all__ = ["Account", "Attachment", "Mail", "MailCopy", "Thread", "ThreadReference"]
