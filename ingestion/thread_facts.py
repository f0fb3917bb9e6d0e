"""Turns a stored thread into the plain facts a model is told."""

from __future__ import annotations

from ingestion.llm.facts import ThreadFacts
from ingestion.mail_facts import facts_of
from ingestion.models import Thread

MOST_MAILS = 20


def facts_of_thread(thread: Thread) -> ThreadFacts | None:
    """Return the facts of the thread's latest mails; None when it has none (any more)."""
    mails = list(
        thread.mails.select_related("account")
        .prefetch_related("attachments")
        .defer("raw")
        .order_by("-sent_at", "-pk")[:MOST_MAILS]
    )
    if not mails:
        return None
    owner = thread.account.owner
    return ThreadFacts(
        subject=thread.subject,
        mails=tuple(facts_of(mail) for mail in reversed(mails)),
        owner_name=owner.get_full_name() or owner.get_username(),
    )
