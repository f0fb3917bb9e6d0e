"""classify_emails: every mail that no model has looked at yet gets its summary, importance, deadline and labels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import QuerySet

from ingestion.classifying import classify
from ingestion.conf import conf
from ingestion.llm.protocol import LanguageModel
from ingestion.llm.selection import language_model
from ingestion.models import Mail
from jobs import Concurrency, Retry, every, job
from jobs.context import active_run

FAILURES_IN_A_ROW = 5

log = structlog.get_logger(__name__)


@job(
    queue="ai",
    schedule=every(minutes=conf().ai_processing_interval_minutes),
    retry=Retry(3),
    concurrency=Concurrency(1, key="classify_emails"),
)
def classify_emails(*, user_id: int | None = None, limit: int | None = None) -> dict[str, int]:
    """Classify unclassified mail, of one user or of all, at most `limit`, and return the counts.

    A mail is classified once however often this runs. A mail the model fails on is left for the next run; five
    failures in a row end this one, since then it is the model that fails.
    """
    model = language_model()
    counts = {"classified": 0, "already": 0, "failed": 0}
    in_a_row = 0
    for mail in islice(_unclassified(user_id), limit):
        with structlog.contextvars.bound_contextvars(user_id=mail.account.owner_id):
            error = _classify_one(mail, model, counts)
        in_a_row = in_a_row + 1 if error else 0
        if error and in_a_row == FAILURES_IN_A_ROW:
            raise error
        if run := active_run():
            run.progress(sum(counts.values()), note=f"{counts['failed']} failed" if counts["failed"] else "")
    return counts


def _classify_one(mail: Mail, model: LanguageModel, counts: dict[str, int]) -> Exception | None:
    try:
        counts["classified" if classify(mail, model=model) else "already"] += 1
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        log.warning("mail not classified", mail_id=mail.pk, error=f"{type(error).__name__}: {error}")
        counts["failed"] += 1
        return error
    return None


def _unclassified(user_id: int | None) -> Iterator[Mail]:
    mails = Mail.objects.filter(classification=None).select_related("account").prefetch_related("attachments")
    mails = mails.defer("raw")
    if user_id is not None:
        mails = mails.filter(account__owner_id=user_id)
    batch = conf().ai_processing_batch_size
    run = active_run()
    return run.iterate(mails, batch=batch) if run else _by_key(mails, batch=batch)


def _by_key(mails: QuerySet[Mail], *, batch: int) -> Iterator[Mail]:
    last = 0
    while page := list(mails.filter(pk__gt=last).order_by("pk")[:batch]):
        yield from page
        last = page[-1].pk
