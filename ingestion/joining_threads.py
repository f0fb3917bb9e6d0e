"""Puts a mail into its conversation, making or merging threads as its arrival shows; within the caller's transaction.

A thread is the set of Message-IDs known to belong to it, named by its mails before they have arrived: each new mail
unites the sets it touches, so the order of arrival changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Max, Min

from ingestion.models import Account, Mail, Thread, ThreadReference
from ingestion.subjects import is_reply_or_forward, stripped_subject
from ingestion.thread_rules import WINDOW, Clue, belong_together, participants

# Of very many mails with one subject, the latest decide.
MOST_CANDIDATES = 500


def join_thread(account: Account, mail: Mail) -> int:
    """Set the stored mail's thread; returns by how many threads there are more (1, 0, or less when some merged)."""
    ids = [known for known in dict.fromkeys([mail.message_id, mail.in_reply_to, *mail.references]) if known]
    touched = {*_threads_of_ids(account, ids), *_threads_of_subject(account, mail)}
    keep = min(touched) if touched else _new_thread(account, mail).pk
    _absorb(keep, touched - {keep})
    Mail.objects.filter(pk=mail.pk).update(thread_id=keep)
    mail.thread_id = keep
    ThreadReference.objects.bulk_create(
        [ThreadReference(account=account, thread_id=keep, message_id=known) for known in ids], ignore_conflicts=True
    )
    return 1 - len(touched)


def refresh_threads(thread_ids: Iterable[int]) -> None:
    """Bring counts, times and subjects of threads up to date with their mails."""
    for thread in Thread.objects.filter(pk__in=set(thread_ids)):
        known = thread.mails.aggregate(count=Count("pk"), first=Min("sent_at"), last=Max("sent_at"))
        root = thread.mails.order_by("sent_at", "identity").only("subject", "message_id", "sent_at").first()
        if root is None:
            continue
        thread.subject = stripped_subject(root.subject)[:500]
        thread.root_message_id = root.message_id
        thread.first_at, thread.last_at, thread.mail_count = known["first"], known["last"], known["count"]
        thread.save(update_fields=["subject", "root_message_id", "first_at", "last_at", "mail_count"])


def _threads_of_ids(account: Account, ids: list[str]) -> set[int]:
    found = ThreadReference.objects.filter(account=account, message_id__in=ids)
    return set(found.values_list("thread_id", flat=True))


def _threads_of_subject(account: Account, mail: Mail) -> set[int]:
    if not mail.base_subject:
        return set()
    alike = Mail.objects.filter(
        account=account,
        base_subject=mail.base_subject,
        sent_at__range=(mail.sent_at - WINDOW, mail.sent_at + WINDOW),
        thread__isnull=False,
    ).exclude(pk=mail.pk)
    shown = alike.only(*_CLUE_FIELDS).order_by("-sent_at")[:MOST_CANDIDATES]
    own = account.address.lower()
    clue = _clue(mail, own)
    return {other.thread_id for other in shown if other.thread_id and belong_together(clue, _clue(other, own))}


_CLUE_FIELDS = (
    "subject",
    "base_subject",
    "in_reply_to",
    "references",
    "sender_address",
    "recipients",
    "sent_at",
    "thread_id",
)


def _clue(mail: Mail, own: str) -> Clue:
    people = [mail.sender_address, *(recipient["address"] for recipient in mail.recipients)]
    return Clue(
        base_subject=mail.base_subject,
        is_answer=is_reply_or_forward(mail.subject),
        has_references=bool(mail.in_reply_to or mail.references),
        participants=participants(people, own=own),
        sent_at=mail.sent_at,
    )


def _new_thread(account: Account, mail: Mail) -> Thread:
    return Thread.objects.create(account=account, first_at=mail.sent_at, last_at=mail.sent_at)


def _absorb(keep: int, others: set[int]) -> None:
    if others:
        Mail.objects.filter(thread_id__in=others).update(thread_id=keep)
        ThreadReference.objects.filter(thread_id__in=others).update(thread_id=keep)
        Thread.objects.filter(pk__in=others).delete()
