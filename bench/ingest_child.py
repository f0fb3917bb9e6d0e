"""Ingests a Maildir in a process of its own: whole, then with a watch on each mail; prints its figures as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any, TypeVar

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django first
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from ingestion.models import Account, Attachment, Mail, Thread  # noqa: E402
from ingestion.operations import register_account, sync_user  # noqa: E402
from ingestion.providers.opening import open_provider  # noqa: E402
from ingestion.storing import Arrival, store, understand  # noqa: E402
from ingestion.tasks import classify_emails, index_for_search  # noqa: E402

Done = TypeVar("Done")


def pace(done: Callable[[], int]) -> dict[str, float]:
    """Return how many mails were done, in how long, and with how much CPU of this process."""
    begun, busy = time.perf_counter(), time.process_time()
    mails = done()
    return {"mails": mails, "seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - busy}


def sync_all(user: User) -> int:
    """Sync as the job does, page by page."""
    (synced,) = sync_user(user)
    assert synced.run.state == "SUCCESS", synced.run.error_message
    return synced.counts["fetched"]


def each_by_itself(account: Account) -> dict[str, dict[str, float]]:
    """Sync page by page as the job does; returns the milliseconds of plain mails, and of all.

    A mail took what its understanding took and an even share of storing its page.
    """
    taken: dict[str, list[tuple[float, float]]] = {"plain": [], "all": []}
    pages = open_provider(account).fetch({}, full=True, since=None, limit=None, known=lambda _: set())
    for page in pages:
        now = timezone.now()
        understood = [_timed(partial(understand, account, [raw], now=now)) for raw in page.mails]
        arrivals = [arrival for _, of_one in understood for arrival in of_one]
        share, _ = _timed(partial(_store, account, arrivals, now=now))
        for own, of_one in understood:
            times = (own[0] + share[0] / len(understood), own[1] + share[1] / len(understood))
            taken["all"].append(times)
            if not any(arrival.parsed.attachments for arrival in of_one):
                taken["plain"].append(times)
    return {
        f"{kind} {clock}": _cuts([times[at] for times in all_times])
        for kind, all_times in taken.items()
        for at, clock in enumerate(("cpu", "wall"))
    }


def _timed(call: Callable[[], Done]) -> tuple[tuple[float, float], Done]:
    """Return the milliseconds of CPU and by the clock that the call took, and what it returned."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = call()
    return (1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)), done


def _store(account: Account, arrivals: list[Arrival], *, now: datetime) -> None:
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        store(account, arrivals, run_id=None, now=now, copies=False)


def _cuts(values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=20)
    return {"mails": len(values), "value": cuts[9], "p95": cuts[18], "max": max(values)}


def main(folder: str) -> dict[str, Any]:
    """Measure everything once."""
    call_command("migrate", verbosity=0)
    whole, single = (User.objects.create_user(name) for name in ("whole", "single"))
    register_account(whole, maildir=Path(folder))
    found: dict[str, Any] = {"sync": pace(lambda: sync_all(whole))}
    mails = Mail.objects.all()
    found["stored"], found["broken"] = mails.count(), mails.exclude(parse_error="").count()
    found["threads"], found["files"] = Thread.objects.count(), Attachment.objects.count()
    found["classification"] = pace(lambda: classify_emails()["classified"])
    found["search"] = pace(lambda: index_for_search()["mails"])
    found["each"] = each_by_itself(register_account(single, maildir=Path(folder))[0])
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")
