"""Real workers killed at random points while they send mail and webhooks to rough receivers: who got what.

The full size is `NOTICES=1000 KILLS=50 pytest -s` on this file; it prints figures. One notice in four is a webhook, and
runs that end bring further ones; every other strike hits the worker's child alone.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db.models import F
from django.utils import timezone

from jobs.models import Run
from notifications.models import Delivery, WebhookEndpoint
from notifications.tasks import send_notifications, send_webhooks
from tests.acceptance.jobs.conftest import children_of
from tests.acceptance.notifications.rough import RoughHook, RoughServer, make_notices, make_webhooks, unfinished
from tests.plugins.polling import poll
from tests.plugins.processes import Process, Start

NOTICES, KILLS = int(os.environ.get("NOTICES", "40")), int(os.environ.get("KILLS", "2"))
SEED = int(os.environ.get("SEED", "7"))
LONGEST_SECONDS = 200 if NOTICES <= 40 else 7000
APP = ("-A", "tests.notifying_app")
QUIET = ("--without-mingle", "--without-gossip", "--loglevel=INFO")
ENDED = ["SUCCESS", "FAILED", "CANCELLED", "SKIPPED", "MISSED"]


@pytest.fixture
def mail_server(free_port: Callable[[], int]) -> Iterator[RoughServer]:
    rough = RoughServer(random.Random(SEED), port=free_port())
    controller = Controller(rough, hostname="127.0.0.1", port=rough.port)
    controller.start()
    yield rough
    controller.stop()


@pytest.fixture
def hook() -> Iterator[RoughHook]:
    rough = RoughHook(random.Random(SEED))
    yield rough
    rough.close()


class Field:
    """The worker under fire, and what keeps it at work."""

    def __init__(self, start: Start, endpoint: WebhookEndpoint, taken: Callable[[], int], **variables: str) -> None:
        self._start, self._variables, self._endpoint, self._taken = start, variables, endpoint, taken
        self._dice = random.Random(SEED)
        self.strikes: Counter[str] = Counter()
        self.worker = self._new_worker()
        start("celery", *APP, "beat", "--loglevel=INFO", **variables)
        self._next = self._aim()

    def step(self) -> None:
        """Ask for work where none is under way, let waits be over, and strike when it is time."""
        for job, arguments in ((send_notifications, {}), (send_webhooks, {"endpoint_id": self._endpoint.pk})):
            if not Run.objects.filter(job=job.name).exclude(state__in=ENDED).exists():
                job.apply_async(kwargs=arguments)
        waiting = Delivery.objects.filter(state="pending", next_attempt_at__gt=timezone.now())
        waiting.update(next_attempt_at=F("next_attempt_at") - timedelta(hours=2))
        if self.strikes.total() < KILLS and self._taken() >= self._next:
            self._strike()
            self._next = self._aim()

    def _aim(self) -> int:
        return self._taken() + self._dice.randint(1, max(1, NOTICES // (KILLS + 1)))

    def _strike(self) -> None:
        children = children_of(self.worker.pid)
        if self.strikes.total() % 2 and children:
            os.kill(children[0], signal.SIGKILL)
            self.strikes["child"] += 1
            return
        self.worker.kill()
        self.strikes["worker"] += 1
        self.worker = self._new_worker()

    def _new_worker(self) -> Process:
        return self._start("celery", *APP, "worker", "-Q", "notifications", "-c", "1", *QUIET, **self._variables)


def judge(row: dict[str, Any], copies: int) -> None:
    """Hold one delivery against what its receiver took."""
    is_refused = row["address"].startswith("nobody")
    assert row["state"] in ({"failed", "unknown"} if is_refused else {"sent", "unknown"}), row
    if row["state"] == "sent":
        assert 1 <= copies <= 1 + row["unanswered"], (row, copies)
    assert row["channel"] == "webhook" or copies <= 2, (row, copies)
    assert row["unanswered"] or copies == (row["state"] == "sent"), (row, copies)


@pytest.mark.django_db(transaction=True)
@pytest.mark.broker
@pytest.mark.timeout(LONGEST_SECONDS + 60)
def test_workers_killed_while_they_send_leave_nobody_out_and_tell_nobody_twice_whose_answer_was_seen(
    broker: str, start: Start, mail_server: RoughServer, hook: RoughHook
) -> None:
    make_notices(NOTICES - NOTICES // 4)
    endpoint = make_webhooks(NOTICES // 4, hook.url)
    began = time.monotonic()
    field = Field(
        start,
        endpoint,
        lambda: mail_server.taken.total() + hook.taken.total(),
        BROKER_URL=broker,
        EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}",
        LEASE_SECONDS="2",
    )

    def is_over() -> bool:
        field.step()
        return not unfinished()

    poll(is_over, within=LONGEST_SECONDS)

    rows = list(Delivery.objects.order_by("pk"))
    taken = [
        hook.taken[each.message_id.strip("<>").partition("@")[0]]
        if each.endpoint_id
        else mail_server.taken[each.address]
        for each in rows
    ]
    figures = {
        "deliveries": len(rows),
        "kills": dict(field.strikes),
        **Counter(each.state for each in rows),
        "left unanswered": sum(each.unanswered > 0 for each in rows),
        "got two": sum(number == 2 for number in taken),
        "got more": sum(number > 2 for number in taken),
        "seconds": round(time.monotonic() - began),
    }
    print(f"\n{figures}, seed {SEED}")
    assert field.strikes.total() == KILLS
    for each, number in zip(rows, taken, strict=True):
        judge({name: getattr(each, name) for name in ("address", "state", "unanswered", "channel", "pk")}, number)
