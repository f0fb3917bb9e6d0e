"""What came in and what was understood of it."""

from ingestion.models.account import Account
from ingestion.models.attachment import Attachment
from ingestion.models.classification import Classification
from ingestion.models.llm_call import LLMCall
from ingestion.models.mail import Mail, MailCopy
from ingestion.models.thread import Thread, ThreadReference

__all__ = ["Account", "Attachment", "Classification", "LLMCall", "Mail", "MailCopy", "Thread", "ThreadReference"]
