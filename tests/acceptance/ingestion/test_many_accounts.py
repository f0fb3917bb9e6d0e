"""ACCOUNTS by fan-out, with a real worker and beat: exact totals, failures alone, memory flat."""

from __future__ import annotations

import os
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


@pytest.mark.timeout(3600)
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
    poll(lambda: Mail.objects.count() >= ACCOUNTS // 4, within=1500)
    early = memory_of(worker), memory_of(beat)
    poll(lambda: Run.objects.filter(pk=parent.id, state=State.SUCCESS).exists(), within=1500)
    late = memory_of(worker), memory_of(beat)
    failed = -(-ACCOUNTS // MISSING_EACH)
    result = queries.details(Run.objects.get(pk=parent.id)).result
    assert result["accounts"] == result["children"]["total"] == children.count() == ACCOUNTS
    assert result["children"]["states"] == {"SUCCESS": ACCOUNTS - failed, "FAILED": failed}
    sums = result["children"]["sums"]
    assert sums["fetched"] == sums["stored"] == Mail.objects.count() == ACCOUNTS - failed
    assert len(result["children"]["errors"]) == min(failed, 20)
    assert Account.objects.exclude(last_error="").count() == failed
    assert set(children.filter(state=State.FAILED).values_list("error_kind", "attempt")) == {("MailboxMissingError", 1)}
    assert [after - before < MOST_GROWTH for before, after in zip(early, late, strict=True)] == [True, True], (
        early,
        late,
    )
