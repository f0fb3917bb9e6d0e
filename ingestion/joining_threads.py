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

from django.db.models import Q

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
    loaded = Counter(mail.thread_id for group in groups for mail in group)
    made = {
        number: _described(Thread(account=account), group) for number, group in enumerate(groups) if number not in kept
    }
    Thread.objects.bulk_create(made.values())
    homes = kept | {number: thread.pk for number, thread in made.items()}
    coming = [(mail, homes[number]) for number, group in enumerate(groups) for mail in group]
    coming = [(mail, home) for mail, home in coming if mail.thread_id != home]
    left = {mail.thread_id for mail, _ in coming if mail.thread_id}
    _move(account, coming)
    gone = Thread.objects.filter(pk__in=threads - set(kept.values()), mails=None).delete()[1].get("ingestion.Thread", 0)
    _forget_references(left)
    changed = {home for _, home in coming} | left
    _describe({kept[number]: groups[number] for number in kept if kept[number] in changed}, loaded)
    return len(made) - gone


def _describe(groups: dict[int, list[Mail]], loaded: Counter[int | None]) -> None:
    """Bring what threads tell of their mails up to date, from memory where all of them are there."""
    for thread in Thread.objects.filter(pk__in=groups):
        if thread.mail_count > loaded[thread.pk]:
            _described(thread, list(thread.mails.only(*_FIELDS).iterator()))
        else:
            _described(thread, groups[thread.pk])
        thread.save(update_fields=["subject", "root_message_id", "first_at", "last_at", "mail_count"])


def _described(thread: Thread, mails: list[Mail]) -> Thread:
    root = min(mails, key=lambda mail: (mail.sent_at, mail.identity))
    thread.subject, thread.root_message_id = stripped_subject(root.subject)[:500], root.message_id
    thread.first_at, thread.last_at, thread.mail_count = root.sent_at, max(mail.sent_at for mail in mails), len(mails)
    return thread


def _kept(groups: list[list[Mail]]) -> dict[int, int]:
    """Return which group, by its number, keeps which thread: the one with most of its mails, each thread once."""
    held = Counter((mail.thread_id, number) for number, group in enumerate(groups) for mail in group if mail.thread_id)
    kept: dict[int, int] = {}
    for (thread_id, number), _ in sorted(held.items(), key=lambda item: (-item[1], item[0])):
        if number not in kept and thread_id not in kept.values():
            kept[number] = thread_id
    return kept


def _move(account: Account, coming: list[tuple[Mail, int]]) -> None:
    for mail, home in coming:
        mail.thread_id = home
    Mail.objects.bulk_update([mail for mail, _ in coming], ["thread"], batch_size=200)
    known = {(home, name) for mail, home in coming for name in _ids(mail)}
    ThreadReference.objects.bulk_create(
        [ThreadReference(account=account, thread_id=home, message_id=name) for home, name in sorted(known)],
        ignore_conflicts=True,
    )


def _forget_references(thread_ids: set[int]) -> None:
    """Let threads that mails have left refer to no more than what their own mails bear or name."""
    for thread_id in thread_ids:
        mails = Mail.objects.filter(thread_id=thread_id).only("message_id", "in_reply_to", "references")
        ids = {known for mail in mails.iterator() for known in _ids(mail)}
        ThreadReference.objects.filter(thread_id=thread_id).exclude(message_id__in=ids).delete()
