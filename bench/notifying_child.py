"""Tells users of important mail in a process of its own; prints its figures as one JSON line."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django first
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from ingestion.models import Account, Classification, Mail  # noqa: E402
from notifications.models import Delivery  # noqa: E402
from notifications.signalling import signal_important_mail  # noqa: E402
from notifications.tasks import send_notifications  # noqa: E402


def pace(done: Callable[[], int]) -> dict[str, float]:
    """Return how many there were, in how long, and with how much CPU of this process."""
    begun, busy = time.perf_counter(), time.process_time()
    count = done()
    return {"count": count, "seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - busy}


def make(count: int) -> list[User]:
    """Make users with one important mail each."""
    now = timezone.now()
    names = [f"user{number}" for number in range(count)]
    users = User.objects.bulk_create([User(username=name, email=f"{name}@home.example") for name in names])
    accounts = Account.objects.bulk_create([Account(owner=user, provider="mbox", location="/gone") for user in users])
    mails = Mail.objects.bulk_create([_mail(account, now) for account in accounts])
    Classification.objects.bulk_create([Classification(mail=mail, importance="high", model="rules") for mail in mails])
    return users


def _mail(account: Account, now: Any) -> Mail:
    identity = f"<{account.owner.get_username()}@x.org>"
    return Mail(
        account=account,
        identity=identity,
        message_id=identity,
        provider_key=identity,
        subject="The contract must be signed",
        sender_name="Bob",
        sender_address="bob@x.org",
        sent_at=now,
        received_at=now,
        text="Please sign it today.",
    )


def main(count: str) -> dict[str, Any]:
    """Measure everything once."""
    call_command("migrate", verbosity=0)
    users = make(int(count))

    def signal_all() -> int:
        return sum(signal_important_mail(user, now=timezone.now())["signals"] for user in users)

    found: dict[str, Any] = {"signals": pace(signal_all), "deliveries": pace(lambda: send_notifications()["sent"])}
    found["unsent"] = Delivery.objects.exclude(state=Delivery.State.SENT).count()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")
