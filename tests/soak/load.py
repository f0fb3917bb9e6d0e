"""The client: a process that enqueues jobs at an even pace and notes each one that was acknowledged.

`python -m tests.soak.load JOBS SECONDS SEED`
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from celery import Celery, chain
from celery.result import AsyncResult

from project.celery import app
from tests.soak import effects

django.setup()

from django.db import connection, transaction  # noqa: E402 - after django.setup()

from tests.soak import app as _messages  # noqa: E402, F401 - keeps every message
from tests.soak import jobs_under_soak as jobs  # noqa: E402

LINKS = 3
KEYS = 12
MOST_OVERTIME = 3.0

Enqueue = Callable[[int], AsyncResult[Any]]


class RolledBackError(Exception):
    """Ends a transaction that must leave no run."""


class Client:
    """Enqueues every kind of job."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        # A client that isn't Daybook's: it sends messages and writes no rows.
        self._foreign = Celery("foreign", broker=app.conf.broker_url, set_as_current=False)
        self._foreign.conf.update(
            task_default_queue="base",
            broker_transport_options=app.conf.broker_transport_options,
            task_queues=app.conf.task_queues,
            task_publish_retry=False,
            broker_connection_timeout=2,
        )
        self._kinds: list[tuple[float, str, Enqueue]] = [
            (24, "quick", lambda n: jobs.soak_quick.delay(n=n)),
            (12, "packed", lambda n: jobs.soak_packed.delay(n=n)),
            (15, "sleeper", lambda n: jobs.soak_sleeper.delay(n=n, seconds=self._dice.uniform(0.02, 0.2))),
            (8, "stumbler", lambda n: jobs.soak_stumbler.delay(n=n)),
            (2, "parent", lambda n: jobs.soak_parent.delay(n=n)),
            (10, "keyed", self._keyed),
            (4, "chain", self._chain),
            (6, "later", lambda n: jobs.soak_quick.apply_async(kwargs={"n": n}, countdown=self._dice.uniform(1, 8))),
            (0.5, "poison", lambda n: jobs.soak_poison.delay(n=n, lives=99)),
            (0.5, "mortal", lambda n: jobs.soak_poison.delay(n=n, lives=1)),
            (6, "steps", lambda n: jobs.soak_steps.delay(n=n)),
            (6, "booking", lambda n: jobs.soak_booking.delay(n=n)),
            (1, "iterator", lambda n: jobs.soak_iterator.delay(n=n)),
        ]

    def enqueue(self, n: int) -> bool:
        """Enqueue one job of a kind drawn by weight; whether it was acknowledged."""
        weights = [weight for weight, _, _ in self._kinds]
        _, kind, enqueue = self._dice.choices(self._kinds, weights)[0]
        dice = self._dice.random()
        if dice < 0.02:
            self._roll_back(n)
        elif dice < 0.05:
            self._send_foreign(n)
        return self._enqueue(n, kind, enqueue, in_transaction=dice > 0.9)

    def _enqueue(self, n: int, kind: str, enqueue: Enqueue, *, in_transaction: bool) -> bool:
        effects.append("enqueues", event="try", n=n, kind=kind)
        began = time.monotonic()
        try:
            if in_transaction:
                with transaction.atomic():
                    result = enqueue(n)
            else:
                result = enqueue(n)
        except Exception as error:
            effects.append("enqueues", event="error", n=n, error=repr(error)[:200])
            connection.close()
            return False
        seconds = time.monotonic() - began
        effects.append("enqueues", event="ack", n=n, kind=kind, run=str(result.id), seconds=seconds)
        return True

    def _keyed(self, n: int) -> AsyncResult[Any]:
        key = f"key {self._dice.randrange(KEYS)}"
        return jobs.soak_keyed.delay(n=n, key=key, seconds=self._dice.uniform(0.01, 0.05))

    def _chain(self, n: int) -> AsyncResult[Any]:
        return chain(*(jobs.soak_link.s(n=n, place=place) for place in range(LINKS))).apply_async()

    def _roll_back(self, n: int) -> None:
        try:
            with transaction.atomic():
                result = jobs.soak_forbidden.delay(n=n)
                effects.append("enqueues", event="rolled back", n=n, run=str(result.id))
                raise RolledBackError  # noqa: TRY301 - leaves the transaction
        except RolledBackError:
            return
        except Exception:
            connection.close()

    def _send_foreign(self, n: int) -> None:
        try:
            result = self._foreign.send_task("soak_quick", kwargs={"n": n}, retry=False)
        except Exception:
            return
        effects.append("enqueues", event="foreign", n=n, run=str(result.id))


def main(count: int, seconds: float, seed: int) -> None:
    """Enqueue until `count` jobs are acknowledged, evenly over `seconds`, at most three times as long."""
    client = Client(seed)
    began, acknowledged, n = time.monotonic(), 0, 0
    while acknowledged < count and time.monotonic() - began < seconds * MOST_OVERTIME:
        time.sleep(max(0.0, began + seconds * acknowledged / count - time.monotonic()))
        acknowledged += client.enqueue(n)
        n += 1
    effects.append("enqueues", event="end", acknowledged=acknowledged, parent=os.getppid())


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
