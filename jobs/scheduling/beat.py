"""The scheduler class of `celery beat`: one loop of roles, safe in any number of copies at once."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from celery import platforms, signals
from celery.beat import Scheduler as CeleryScheduler
from django.db import Error, connection

from jobs import ledger
from jobs.cancelling import force_overdue
from jobs.conf import conf
from jobs.dispatch import dispatch, forget_lost_messages
from jobs.fanout import end_parents
from jobs.models import Worker
from jobs.presence import Presence
from jobs.prune import prune
from jobs.rescue import Rescuer
from jobs.rollup import count_ends
from jobs.scheduling.declared import sync_declared
from jobs.scheduling.firing import fire_due
from jobs.scheduling.planner import find_unplanned, replan

log = structlog.get_logger(__name__)

EAGER_SECONDS = 0.05


class Role:
    """One duty of beat: what it does and how often, in seconds."""

    def __init__(self, name: str, every: float, duty: Callable[..., Any], *, eager: bool = False) -> None:
        """Make it due at once; an eager one that found something to do is due again right away."""
        self.name, self.every, self.duty, self.eager = name, every, duty, eager
        self.due = 0.0

    def perform(self, now: datetime) -> None:
        """Do it if it is due; a failure is logged and never stops the other roles."""
        if time.monotonic() < self.due:
            return
        found = 0
        try:
            found = self.duty(now=now)
        except Error as error:
            log.warning("database fault in a role, going on", role=self.name, error=str(error))
            connection.close()
        except Exception:
            log.exception("a role failed, going on", role=self.name)
        self.due = time.monotonic() + (EAGER_SECONDS if self.eager and found else self.every)


@signals.beat_init.connect
def stop_between_ticks(sender: Any, **_: Any) -> None:
    """Let SIGTERM and SIGINT end the loop after the tick; raised in mid-query, as Celery does, they may get lost."""

    def stop(*_: Any) -> None:
        sender.stop()

    platforms.signals.update(SIGTERM=stop, SIGINT=stop)


class Scheduler(CeleryScheduler):
    """Celery beat's scheduler: plans, fires, dispatches, rescues and prunes on every tick."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Report in as a beat."""
        super().__init__(*args, **kwargs)
        self._interval = conf().dispatch_interval_seconds
        self._due = time.monotonic()
        self._presence = Presence(
            kind=Worker.Kind.BEAT, name=f"beat@{socket.gethostname()}", queues=[], concurrency=1, on_lost=lambda: None
        )
        self._presence.begin(threaded=False)
        sync_declared(disable_gone=False)
        self._roles = [
            Role("find unplanned", 300.0, find_unplanned),
            Role("plan", self._interval, replan, eager=True),
            Role("fire", self._interval, fire_due),
            Role("dispatch", self._interval, dispatch, eager=True),
            Role("find lost messages", 2.0, forget_lost_messages),
            Role("rescue", 1.0, Rescuer().rescue),
            Role("end parents", self._interval, end_parents),
            Role("force cancels", 5.0, force_overdue),
            Role("count ends", 10.0, count_ends, eager=True),
            Role("prune", 3600.0, prune),
            Role("report", conf().lease_seconds / 4, self._report),
        ]

    def setup_schedule(self) -> None:
        """Leave Celery's in-memory schedule empty; the rows are the schedule."""

    def tick(self, *_: Any, **__: Any) -> float:
        """Perform every role that is due; returns the seconds until the next tick."""
        for role in self._roles:
            role.perform(ledger.now())
        self._due = min(role.due for role in self._roles)
        return max(EAGER_SECONDS / 2, min(self._interval, self._due - time.monotonic()))

    def close(self) -> None:
        """Sign off."""
        self._presence.end()

    def _report(self, *, now: datetime) -> None:
        if not self._presence.beat(lag_seconds=time.monotonic() - self._due):
            log.warning("this beat was declared lost, reporting in anew", at=now.isoformat())
            self._presence.begin_again()
