"""classify_emails: every mail that no model has looked at yet gets its summary, importance, deadline and labels."""

from __future__ import annotations

from ingestion.classifying import classify
from ingestion.conf import conf
from ingestion.llm.selection import language_model
from ingestion.models import Mail
from ingestion.one_by_one import ask_about_each, in_batches
from jobs import Concurrency, Retry, every, job


@job(
    queue="ai",
    schedule=every(minutes=conf().ai_processing_interval_minutes),
    retry=Retry(3),
    concurrency=Concurrency(1, key="classify_emails"),
)
def classify_emails(*, user_id: int | None = None, limit: int | None = None) -> dict[str, int]:
    """Classify unclassified mail, of one user or of all, at most `limit`, and return the counts.

    A mail is classified once however often this runs. A mail the model fails on is left for the next run; five
    failures in a row end this one. A user whose budget for today is spent waits until tomorrow.
    """
    model = language_model()
    mails = Mail.objects.filter(classification=None).select_related("account").prefetch_related("attachments")
    if user_id is not None:
        mails = mails.filter(account__owner_id=user_id)
    return ask_about_each(
        in_batches(mails.defer("raw"), limit=limit),
        ask=lambda mail: "classified" if classify(mail, model=model) else "already",
        owner_of=lambda mail: mail.account.owner_id,
        outcomes=("classified", "already"),
    )
