"""ACCOUNTS by fan-out, with a real worker and beat: exact totals, failures alone, memory flat.

The full size is `ACCOUNTS=10000 pytest -s tests/acceptance/ingestion/test_many_accounts.py`; it prints figures.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from ingestion.models import Account, Mail
from ingestion.tasks import ingest_emails
from jobs import queries
from jobs.models import Run
from jobs.states import State
from tests.mailboxes import message, write_mbox
from tests.plugins.polling import poll
from tests.plugins.processes import Process, Start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PW-1", "SW-11", "SW-22")]
ACCOUNTS = int(os.environ.get("ACCOUNTS", "120"))
MISSING_EACH = 40
MOST_GROWTH = 40 * 2**20
SECONDS = 1500 + ACCOUNTS // 2


def make_accounts(folder: Path) -> None:
    """Give each account one mail; the mailbox of every fortieth is gone."""
    owners = User.objects.bulk_create(User(username=f"user{n}") for n in range(10))
    accounts = []
    for n in range(ACCOUNTS):
        path = folder / f"{n}.mbox"
        if n % MISSING_EACH:
            write_mbox(path, message(f"m{n}"))
        accounts.append(Account(owner=owners[n % 10], provider="mbox", location=str(path)))
    Account.objects.bulk_create(accounts, batch_size=500)


def memory_of(process: Process) -> int:
    """Return the resident bytes of a process and its children."""
    family = {process.pid}
    while more := {pid for one in family for pid in _children_of(one)} - family:
        family |= more
    sizes = (Path(f"/proc/{pid}/statm") for pid in family)
    return sum(int(size.read_text().split()[1]) for size in sizes if size.exists()) * os.sysconf("SC_PAGE_SIZE")


def _children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


class Peak:
    """The most memory of some processes so far, in bytes each."""

    def __init__(self, *processes: Process) -> None:
        self._processes = processes
        self.sizes = [0 for _ in processes]

    def look(self) -> bool:
        """Measure now; always true, to be said beside what is waited for."""
        self.sizes = [max(size, memory_of(one)) for size, one in zip(self.sizes, self._processes, strict=True)]
        return True


@pytest.mark.timeout(3 * SECONDS)
def test_every_account_is_synced_once_the_totals_are_exact_and_memory_stays_flat(
    tmp_path: Path, start: Start, broker: str
) -> None:
    make_accounts(tmp_path)
    given = {"BROKER_URL": broker, "LOG_LEVEL": "WARNING", "EMAIL_SYNC_INTERVAL_MINUTES": "1000"}
    quiet = ("--without-mingle", "--without-gossip")
    worker = start("celery", "-A", "project", "worker", "-Q", "email", "-c", "2", "-n", "w@%h", *quiet, **given)
    beat = start("celery", "-A", "project", "beat", **given)
    parent = ingest_emails.delay()
    children = Run.objects.filter(parent_id=UUID(parent.id))
    begun, peak = time.monotonic(), Peak(worker, beat)
    poll(lambda: peak.look() and Mail.objects.count() >= ACCOUNTS // 4, within=SECONDS)
    early = list(peak.sizes)
    poll(lambda: peak.look() and Run.objects.filter(pk=parent.id, state=State.SUCCESS).exists(), within=SECONDS)
    megabytes = [
        f"{before / 2**20:.0f} -> {after / 2**20:.0f}" for before, after in zip(early, peak.sizes, strict=True)
    ]
    print(f"\n{ACCOUNTS} accounts in {time.monotonic() - begun:.0f} s; peak MB at a quarter -> at the end: {megabytes}")
    failed = -(-ACCOUNTS // MISSING_EACH)
    result = queries.details(Run.objects.get(pk=parent.id)).result
    assert result["accounts"] == result["children"]["total"] == children.count() == ACCOUNTS
    assert result["children"]["states"] == {"SUCCESS": ACCOUNTS - failed, "FAILED": failed}
    sums = result["children"]["sums"]
    assert sums["fetched"] == sums["stored"] == Mail.objects.count() == ACCOUNTS - failed
    assert len(result["children"]["errors"]) == min(failed, 20)
    assert Account.objects.exclude(last_error="").count() == failed
    assert set(children.filter(state=State.FAILED).values_list("error_kind", "attempt")) == {("MailboxMissingError", 1)}
    assert all(after - before < MOST_GROWTH for before, after in zip(early, peak.sizes, strict=True)), megabytes
