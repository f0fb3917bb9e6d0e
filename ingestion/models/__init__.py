"""What came in and what was understood of it."""

from ingestion.models.account import Account
from ingestion.models.archive import ArchiveConfiguration, ArchivedOccurrence
from ingestion.models.attachment import Attachment
from ingestion.models.calendar import Calendar, CalendarSeries
from ingestion.models.calendar_event import CalendarEvent
from ingestion.models.classification import Classification
from ingestion.models.consent import Consent
from ingestion.models.contact import Contact, ContactAddress
from ingestion.models.fact import Fact
from ingestion.models.finance import FinanceExtraction, Transaction, TransactionCategory
from ingestion.models.llm_call import LLMCall
from ingestion.models.mail import Mail, MailCopy
from ingestion.models.notice import Notice
from ingestion.models.search_entry import SearchEntry
from ingestion.models.subscription import Subscription
from ingestion.models.thread import Thread, ThreadReference
from ingestion.models.thread_review import ThreadReview
from ingestion.models.todo import Todo

__all__ = [
    "Account",
    "ArchiveConfiguration",
    "ArchivedOccurrence",
    "Attachment",
    "Calendar",
    "CalendarEvent",
    "CalendarSeries",
    "Classification",
    "Consent",
    "Contact",
    "ContactAddress",
    "Fact",
    "FinanceExtraction",
    "LLMCall",
    "Mail",
    "MailCopy",
    "Notice",
    "SearchEntry",
    "Subscription",
    "Thread",
    "ThreadReference",
    "ThreadReview",
    "Todo",
    "Transaction",
    "TransactionCategory",
]
