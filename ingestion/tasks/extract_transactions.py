"""extract_transactions: what users paid, have to pay or were paid, out of mail that has been classified."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q

from ingestion.conf import conf
from ingestion.extracting_payments import MOST_ATTEMPTS, extract_payments
from ingestion.llm.selection import language_model
from ingestion.models import FinanceExtraction, Mail
from ingestion.one_by_one import ask_about_each, in_batches
from jobs import Concurrency, Retry, every, job


@job(
    queue="ai",
    schedule=every(minutes=conf().ai_processing_interval_minutes),
    retry=Retry(3),
    concurrency=Concurrency(1, key="extract_transactions"),
)
def extract_transactions(*, user_id: int | None = None, limit: int | None = None) -> dict[str, int]:
    """Read pending mail, of one user or of all, and return {extracted, nothing, transactions, categories, failed}.

    Pending is received mail that has been classified and not been read for money, or whose reading failed fewer than
    three times. A mail without any amount is settled without asking the model.
    """
    model = language_model()
    unread = Q(finance=None) | Q(finance__status=FinanceExtraction.Status.FAILED, finance__attempts__lt=MOST_ATTEMPTS)
    mails = Mail.objects.filter(unread, direction=Mail.Direction.IN).exclude(classification=None)
    if user_id is not None:
        mails = mails.filter(account__owner_id=user_id)
    mails = mails.select_related("account").prefetch_related("attachments").defer("raw")
    totals: Counter[str] = Counter()

    def read(mail: Mail) -> str:
        found = extract_payments(mail, model=model)
        totals.update(found)
        return "extracted" if found["transactions"] else "nothing"

    counts = ask_about_each(
        in_batches(mails, limit=limit),
        ask=read,
        owner_of=lambda mail: mail.account.owner_id,
        outcomes=("extracted", "nothing"),
    )
    return {**counts, "transactions": totals["transactions"], "categories": totals["categories"]}
