"""The scheduler class of `celery beat`: lanes of roles beside each other, safe in any number of copies at once."""

from __future__ import annotations

import socket
import time
from datetime import datetime
from typing import Any

import structlog
from celery import platforms, signals
from celery.beat import Scheduler as CeleryScheduler
from django.utils.module_loading import import_string

from jobs import dialect
from jobs.cancelling import force_overdue
from jobs.conf import conf
from jobs.dispatch import dispatch, forget_lost_messages
from jobs.fanout import end_parents
from jobs.models import Worker
from jobs.presence import Presence
from jobs.prune import prune
from jobs.rescue import Rescuer
from jobs.rollup import count_ends
from jobs.scheduling.aside import Aside
from jobs.scheduling.declared import sync_declared
from jobs.scheduling.failing import pause_failing
from jobs.scheduling.firing import fire_due
from jobs.scheduling.lane import Lane
from jobs.scheduling.planner import find_unplanned, replan
from jobs.scheduling.role import Role
from jobs.scheduling.watchdog import Watchdog

log = structlog.get_logger(__name__)

_END_SECONDS = 10.0


@signals.beat_init.connect
def stop_between_ticks(sender: Any, **_: Any) -> None:
    """Let SIGTERM and SIGINT end the loop after the tick; raised in mid-query, as Celery does, they may get lost."""

    def stop(*_: Any) -> None:
        sender.stop()

    platforms.signals.update(SIGTERM=stop, SIGINT=stop)


class Scheduler(CeleryScheduler):
    """Celery beat's scheduler: plans and fires on every tick; dispatches, rescues and prunes beside it."""

    _is_ticking = False

    def setup_schedule(self) -> None:
        """Report in as a beat and declare the schedules; Celery's in-memory schedule stays empty, the rows are it.

        Not called for the copy that Celery makes to print its banner.
        """
        dialect.bound_sessions(lock_seconds=1.0, statement_seconds=conf().beat_wedged_seconds * 2 / 3)
        self._presence = Presence(
            kind=Worker.Kind.BEAT, name=f"beat@{socket.gethostname()}", queues=[], concurrency=1, on_lost=lambda: None
        )
        self._presence.begin(threaded=False)
        dialect.patiently(
            lambda: sync_declared(disable_gone=False), seconds=conf().database_patience_seconds, what="declare"
        )
        interval = conf().dispatch_interval_seconds
        self._sending = Lane(
            "sending",
            [
                Role("dispatch", interval, dispatch, eager=True),
                Role("find lost messages", 2.0, forget_lost_messages),
                Role("force cancels", 5.0, force_overdue),
            ],
            publishes=True,
        )
        hurry = self._sending.hurry
        self._firing = Lane(
            "firing",
            [
                Role("find unplanned", 300.0, find_unplanned),
                Role("plan", interval, replan, eager=True),
                Role("fire", interval, fire_due, eager=True),
                Role("end parents", interval, end_parents),
                Role("pause failing", 5.0, pause_failing),
            ],
            after_finding=hurry,
        )
        rescuer = Rescuer(report=self._report)
        self._beside = [
            self._sending,
            Lane("rescuing", [Role("rescue", 1.0, rescuer.rescue, eager=True)], after_finding=hurry),
            Lane(
                "tidying",
                [
                    Role("count ends", 10.0, count_ends, eager=True),
                    Role("prune", 3600.0, prune, eager=True),
                    *(Role(path, every, Aside(import_string(path))) for path, every in conf().beat_asides.items()),
                ],
            ),
        ]
        self._watchdog = Watchdog([self._firing, *self._beside], seconds=conf().beat_wedged_seconds)

    def tick(self, *_: Any, **__: Any) -> float:
        """Perform every firing role that is due; returns the seconds until the next tick."""
        if not self._is_ticking:
            self._begin()
        return self._firing.perform()

    def close(self) -> None:
        """Sign off once every lane has come to its end."""
        if self._is_ticking:
            self._watchdog.end()
            deadline = time.monotonic() + _END_SECONDS
            for lane in self._beside:
                lane.end()
            for lane in self._beside:
                lane.wait_for_end(until=deadline)
            self._presence.end()

    def _begin(self) -> None:
        self._is_ticking = True
        self._firing.settle_in(self.app)
        for lane in self._beside:
            lane.start(self.app)
        self._watchdog.start()

    def _report(self, *, now: datetime) -> None:
        late = max(lane.late_seconds for lane in [self._firing, *self._beside])
        if not self._presence.beat(lag_seconds=late):
            log.warning("this beat was declared lost, reporting in anew", at=now.isoformat())
            self._presence.begin_again()
