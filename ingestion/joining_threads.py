"""Puts new mails into their conversations: the threads they touch are looked at anew, and may merge or come apart.

A thread's references are the Message-IDs that its mails bear or name: they tell which threads a mail touches, even if
what it names hasn't arrived, so the order of arrival changes nothing. Within the caller's transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Count, Max, Min, Q

from ingestion.models import Account, Mail, Thread, ThreadReference
from ingestion.subjects import stripped_subject
from ingestion.thread_rules import WINDOW, conversations, is_answer, people_in_common
from ingestion.thread_trees import Letter
from jobs.context import batched

# Of a very long thread, and of very many mails with one subject, the latest decide.
MOST_MAILS = 2000
SUBJECTS_AT_ONCE = 100
_FIELDS = (
    *("account_id", "identity", "message_id", "in_reply_to", "references", "subject", "base_subject"),
    *("sender_address", "recipients", "headers", "sent_at", "thread_id"),
)


def join_threads(account: Account, new: Sequence[Mail]) -> int:
    """Give the stored mails their threads; returns by how many threads there are more, less than 0 when many merged."""
    mails = {mail.pk: mail for mail in new}
    named = _threads_naming(account, new)
    mails |= _mails_of(named)
    alike = _threads_alike(account, mails.values()) - named
    mails |= _mails_of(alike)
    own = account.address.lower()
    groups = conversations([_letter(mail, own) for mail in mails.values()])
    return _settle(account, [[mails[letter.key] for letter in group] for group in groups], named | alike)


def _mails_of(threads: set[int]) -> dict[int, Mail]:
    latest = Mail.objects.filter(thread_id__in=threads).only(*_FIELDS).order_by("-sent_at")
    return {mail.pk: mail for mail in latest[:MOST_MAILS]} if threads else {}


def _threads_naming(account: Account, mails: Iterable[Mail]) -> set[int]:
    """Return the threads that bear or name a Message-ID of the mails."""
    ids = {known for mail in mails for known in _ids(mail)}
    return set(ThreadReference.objects.filter(account=account, message_id__in=ids).values_list("thread_id", flat=True))


def _threads_alike(account: Account, mails: Iterable[Mail]) -> set[int]:
    """Return the threads that have a mail with the subject of one of these, and not too long before or after it."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for mail in mails:
        times[mail.base_subject].append(mail.sent_at)
    times.pop("", None)
    spans = [
        Q(base_subject=subject, sent_at__range=(min(some) - WINDOW, max(some) + WINDOW))
        for subject, some in times.items()
    ]
    found: set[int] = set()
    for some in batched(spans, SUBJECTS_AT_ONCE):
        alike = Mail.objects.filter(reduce(or_, some), account=account, thread__isnull=False)
        found.update(alike.order_by("-sent_at").values_list("thread_id", flat=True)[:MOST_MAILS])
    return found


def _letter(mail: Mail, own: str) -> Letter:
    names = _names(mail)
    people = [mail.sender_address, *(recipient["address"] for recipient in mail.recipients)]
    return Letter(
        key=mail.pk,
        identity=mail.identity,
        names=names,
        base_subject=mail.base_subject,
        is_answer=is_answer(mail.subject, names=names),
        people=people_in_common(people, own=own, list_id=mail.headers.get("list-id", ""), subject=mail.subject),
        sent_at=mail.sent_at,
    )


def _names(mail: Mail) -> tuple[str, ...]:
    return tuple(mail.references) or ((mail.in_reply_to,) if mail.in_reply_to else ())


def _ids(mail: Mail) -> set[str]:
    return {mail.message_id, *_names(mail)} - {""}


def _settle(account: Account, groups: list[list[Mail]], threads: set[int]) -> int:
    """Let each group be a thread: the one that most of its mails are in already, else a new one; the others go."""
    kept = _kept(groups)
    moved: dict[int, list[Mail]] = {}
    made = 0
    for number, group in enumerate(groups):
        thread_id = kept.get(number)
        if thread_id is None:
            made += 1
            first = min(group, key=lambda mail: mail.sent_at)
            thread_id = Thread.objects.create(account=account, first_at=first.sent_at, last_at=first.sent_at).pk
        if coming := [mail for mail in group if mail.thread_id != thread_id]:
            moved[thread_id] = coming
    left = {mail.thread_id for coming in moved.values() for mail in coming if mail.thread_id}
    for thread_id, coming in moved.items():
        _move(account, coming, thread_id)
    gone = (
        threads - set(kept.values()) - set(Mail.objects.filter(thread_id__in=left).values_list("thread_id", flat=True))
    )
    Thread.objects.filter(pk__in=gone).delete()
    _forget_references(left - gone)
    refresh_threads({*moved, *left} - gone)
    return made - len(gone)


def _kept(groups: list[list[Mail]]) -> dict[int, int]:
    """Return which group, by its number, keeps which thread: the one with most of its mails, each thread once."""
    held = Counter((mail.thread_id, number) for number, group in enumerate(groups) for mail in group if mail.thread_id)
    kept: dict[int, int] = {}
    for (thread_id, number), _ in sorted(held.items(), key=lambda item: (-item[1], item[0])):
        if number not in kept and thread_id not in kept.values():
            kept[number] = thread_id
    return kept


def _move(account: Account, mails: list[Mail], thread_id: int) -> None:
    Mail.objects.filter(pk__in=[mail.pk for mail in mails]).update(thread_id=thread_id)
    for mail in mails:
        mail.thread_id = thread_id
    ids = {known for mail in mails for known in _ids(mail)}
    ThreadReference.objects.bulk_create(
        [ThreadReference(account=account, thread_id=thread_id, message_id=known) for known in ids],
        ignore_conflicts=True,
    )


def _forget_references(thread_ids: set[int]) -> None:
    """Let threads that mails have left refer to no more than what their own mails bear or name."""
    for thread_id in thread_ids:
        mails = Mail.objects.filter(thread_id=thread_id).only("message_id", "in_reply_to", "references")
        ids = {known for mail in mails.iterator() for known in _ids(mail)}
        ThreadReference.objects.filter(thread_id=thread_id).exclude(message_id__in=ids).delete()


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
