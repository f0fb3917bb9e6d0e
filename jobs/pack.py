"""Packed runs through their lives: a bell is heard, a pack claimed, each run performed, the ends written together."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import structlog
from celery import current_app
from celery.app.trace import trace_ok_t
from django.db import transaction

from jobs import attempt, bell, ledger, pack_claims, presence
from jobs.bell_message import Key
from jobs.brief_tracer import tracer_of
from jobs.conf import conf
from jobs.dialect import patiently
from jobs.envelope import context_of, request_of
from jobs.minding import give_up, minder
from jobs.models import Run
from jobs.models.run import BY_TENANT
from jobs.pace import Pace
from jobs.registry import problem_of_call
from jobs.tidings import Tidings
from jobs.tray import Tray

if TYPE_CHECKING:
    from jobs.task import Job

log = structlog.get_logger(__name__)

HEARING_SECONDS = 0.5
# How long an end may lie unwritten while further runs begin: where the job has asked for packs, and where not; there
# longer among runs so short that writing costs as much as they do, unless a body turns out to be long.
FLUSH_SECONDS = 0.05
PROMPT_SECONDS = 0.005
QUICK_SECONDS = 0.02
LATE_SECONDS = 0.1
# The same of a run alone, whose end follows at once or whose start is told behind its back.
ALONE_SECONDS = 0.01
# A pack is planned to take less: this is for those that take longer.
LOOK_SECONDS = 0.2
LONG_SECONDS = 1.0

PARKED_AT_ONCE = 100

_paces: defaultdict[str, Pace] = defaultdict(Pace)


def hear(key: Key, *, hostname: str) -> int:
    """Perform packs of the job's runs for a while, as long as more are due; returns how many runs were begun.

    The first full pack rings for another worker, so that all of them join in while there is work for them. An error
    ends the process: whatever it had claimed is given back at once, and nothing stays behind as running.
    """
    job = cast("Job | None", current_app.tasks.get(key.job))
    if job is None:
        patiently(partial(ledger.clear_bell, *key), seconds=conf().database_patience_seconds, what="hear")
        _park_unknown(key)
        return 0
    try:
        return _perform_while_due(job, key, hostname)
    except Exception as error:
        give_up(error)


def _perform_while_due(job: Job, key: Key, hostname: str) -> int:
    pace, begun, is_first, has_called = _paces[key.job], 0, True, False
    tidings = Tidings(job.app, hostname)
    until = time.monotonic() + HEARING_SECONDS
    while True:
        most = pace.most(job.most_in_pack(spawned=True) or 1)
        runs, has_more = pack_claims.claim(key, most, hears_bell=is_first)
        if has_more and not has_called:
            bell.ring(key)
            has_called = True
        pack = Pack(job, runs, tidings, is_quick=pace.is_quick)
        begun += pack.perform()
        pace.note(runs=pack.begun, seconds=pack.seconds)
        # What came while the first look cleared the bell is seen by the next; one that finds nothing is the last.
        if pack.is_stopping or not (has_more or (_is_more_due(key) and (runs or is_first))):
            break
        if time.monotonic() > until:
            bell.ring(key)
            break
        is_first = False
    tidings.flush()
    return begun


def _is_more_due(key: Key) -> bool:
    """Whether there is more to do; what may not start any more ends here. Waits for a database that restarts."""
    return patiently(partial(_look, key), seconds=conf().database_patience_seconds, what="look for more")


def _look(key: Key) -> bool:
    left = ledger.left_in_pack(*key, now=ledger.now())
    if left.expired:
        _skip_expired(key)
    return left.due


def _park_unknown(key: Key) -> None:
    """Leave the runs of a job that is not known here to the workers of another release."""
    now = ledger.now()
    log.warning("job not known here, its runs wait", job=key.job)
    due = ledger.due_in_pack(*key, now=now).order_by(*BY_TENANT)
    for run in due.only("pk")[:PARKED_AT_ONCE]:
        ledger.park(run.pk, now=now, reason="no worker knows this job yet")


def _skip_expired(key: Key) -> None:
    now = ledger.now()
    for run in ledger.expired_in_pack(*key, now=now):
        with transaction.atomic():
            if ledger.expire(run.pk, now=now):
                cast("Any", current_app.backend).part_ended(run, reason=ledger.Refusal.EXPIRED)


class Pack:
    """Claimed runs of one job, performed one after another, each with an attempt of its own."""

    def __init__(self, job: Job, runs: list[Run], tidings: Tidings, *, is_quick: bool = False) -> None:
        """Take over the claimed runs; `is_quick` where those of the job have been very short so far."""
        self.begun = 0
        self.seconds = 0.0
        self.is_stopping = False
        self._job = job
        self._rest = deque(runs)
        self._lock = threading.Lock()
        self._body_since: float | None = None
        self._looked_at = time.monotonic()
        self._patience = FLUSH_SECONDS if job.declaration.pack else PROMPT_SECONDS
        self._patience_between = max(self._patience, QUICK_SECONDS) if is_quick else self._patience
        self._is_brief = len(runs) > 1
        self._tray = Tray()
        self._tidings = tidings
        self._trace: attempt.Tracer = tracer_of(job, tidings.hostname, is_brief=self._is_brief)

    def perform(self) -> int:
        """Perform the runs and write every end; what isn't begun any more goes back. Returns how many were begun.

        The last tidings wait for those of the next pack, or for who has made them to flush.
        """
        if not self._rest:
            return 0
        with minder().minding(self):
            try:
                while (run := self._next()) is not None:
                    if problem := problem_of_call(self._job, run.args, run.kwargs):
                        self._park(run, problem)
                    else:
                        self._perform(run)
                    self._tend()
            finally:
                self._body_since = None
                self._give_back("the pack ended before it")
                self._tray.flush()
        return self.begun

    def mind(self) -> None:
        """Write and tell what a long body holds up, and let others have what waits behind it; on another thread."""
        since = self._body_since
        seconds = 0.0 if since is None else time.monotonic() - since
        if self._tray.age() > (self._patience if seconds > PROMPT_SECONDS else self._patience_between):
            self._tray.flush()
        if self._tidings.age() > (LATE_SECONDS if self._is_brief else ALONE_SECONDS):
            self._tidings.flush()
        if seconds > LONG_SECONDS:
            self._give_back("waited behind a long run")

    def _next(self) -> Run | None:
        with self._lock:
            if not self._rest:
                return None
            self.begun += 1
            self._body_since = time.monotonic()
            return self._rest.popleft()

    def _perform(self, run: Run) -> None:
        run.started_at = ledger.now()
        request = request_of(run)
        request["hostname"] = self._tidings.hostname
        self._tidings.received(request)
        began = time.perf_counter()
        outcome = attempt.perform_claimed(
            self._job, self._trace, run, request, tray=self._tray, is_brief=self._is_brief
        )
        self.seconds += time.perf_counter() - began
        self._tidings.ended(request["id"], cast("trace_ok_t", outcome))

    def _park(self, run: Run, problem: str) -> None:
        self._put_back([run], reason="")
        ledger.park(run.pk, now=ledger.now(), reason=f"{ledger.Refusal.MISFIT}: {problem}")

    def _tend(self) -> None:
        if self._tray.age() > self._patience_between:
            self._tray.flush()
        if self._tidings.age() > FLUSH_SECONDS:
            self._tidings.flush()
        if self._rest and time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._look()

    def _look(self) -> None:
        """Stop what a person asked to stop before it began, and everything when the worker shuts down."""
        with self._lock:
            rest = list(self._rest)
        asked = set(ledger.asked_to_stop(rest))
        self._cancel(run for run in rest if run.pk in asked and self._withdraw(run))
        if presence.is_stopping():
            self.is_stopping = True
            self._give_back("interrupted by a shutdown")

    def _withdraw(self, run: Run) -> bool:
        with self._lock:
            if run not in self._rest:
                return False
            self._rest.remove(run)
            return True

    def _give_back(self, reason: str) -> None:
        with self._lock:
            rest, self._rest = list(self._rest), deque()
        if rest:
            self._put_back(rest, reason)
            bell.ring(Key(rest[0].queue, rest[0].job))

    def _put_back(self, runs: list[Run], reason: str) -> None:
        """Return the runs to their queue; those that were asked to stop end here, or the wish would be forgotten."""
        patience = conf().database_patience_seconds
        patiently(partial(ledger.put_back, runs, reason=reason), seconds=patience, what="put back")
        asked = set(patiently(partial(ledger.asked_to_stop, runs), seconds=patience, what="put back"))
        self._cancel(run for run in runs if run.pk in asked)

    def _cancel(self, runs: Iterable[Run]) -> None:
        for run in runs:
            context: Any = context_of(run)
            context.child_pid = os.getpid()
            self._job.backend.mark_as_revoked(context.id, "cancelled before it began", request=context)
