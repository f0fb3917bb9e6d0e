"""process_threads: threads with new mail get summary, category, sentiment, a draft of an answer, and to-dos."""

from __future__ import annotations

from django.db.models import F, Q

from ingestion.conf import conf
from ingestion.llm.review import ASPECTS
from ingestion.llm.selection import language_model
from ingestion.models import Thread
from ingestion.one_by_one import ask_about_each, in_batches
from ingestion.reviewing import aspects_from, review
from jobs import Concurrency, PermanentError, Retry, every, job


@job(
    queue="ai",
    schedule=every(minutes=conf().ai_processing_interval_minutes),
    retry=Retry(3),
    concurrency=Concurrency(1, key="process_threads"),
)
def process_threads(
    *,
    user_id: int | None = None,
    thread_id: int | None = None,
    aspects: list[str] | None = None,
    limit: int | None = None,
) -> dict[str, int]:
    """Process the threads that changed since they were last processed, of one user or of all, and return the counts.

    `aspects` is any of summarise, classify, sentiment, draft_reply, extract_tasks; all by default. What is known
    already isn't asked again. `thread_id` takes that one thread; `user_id` must own it where it is given.
    """
    try:
        wanted = aspects_from(aspects)
    except ValueError as error:
        raise PermanentError(str(error)) from None
    model = language_model()
    threads = Thread.objects.select_related("account__owner")
    if user_id is not None:
        threads = threads.filter(account__owner_id=user_id)
    if thread_id is not None:
        threads = threads.filter(pk=thread_id)
        if not threads.exists():
            message = f"there is no thread {thread_id}" + (f" of user {user_id}" if user_id is not None else "")
            raise PermanentError(message)
    else:
        incomplete = ~Q(review__aspects=sorted(ASPECTS))
        threads = threads.filter(Q(review=None) | ~Q(review__mail_count=F("mail_count")) | incomplete)
    return ask_about_each(
        in_batches(threads, limit=limit),
        ask=lambda thread: review(thread, aspects=wanted, model=model),
        owner_of=lambda thread: thread.account.owner_id,
        outcomes=("reviewed", "already"),
    )
