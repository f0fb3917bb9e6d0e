"""Why a run isn't running: the true reason, since when, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from jobs import ledger, registry
from jobs.conf import conf
from jobs.models import Queue, Run, Worker
from jobs.models.run import QUEUED_PARTS, WaitsFor
from jobs.phrases import start_words
from jobs.publish import is_broker_away
from jobs.states import State

_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a run from running; `code` is stable for scripts."""

    code: str
    text: str
    remedy: str = ""


def why(run: Run, *, now: datetime | None = None) -> list[Reason]:
    """Return every reason, the decisive one first; for a running or finished run, one that says so."""
    now = now or ledger.now()
    if run.state in (State.SCHEDULED, State.RETRYING):
        return list(_waits_for_time(run, now))
    if run.state == State.QUEUED:
        return [reason for check in _CHECKS for reason in check(run, now)] or [
            Reason("starting", "nothing: it is at the broker and a worker will take it next")
        ]
    return [_other_state(run)]


def _other_state(run: Run) -> Reason:
    if run.state == State.RUNNING:
        if run.waits_for == WaitsFor.CHILDREN:
            left = Run.objects.filter(parent=run).unfinished().count()
            return Reason("children", f"its body is done; {left} children have not ended")
        return Reason("running", f"it runs on {run.worker or 'an unknown worker'}, attempt {run.attempt}")
    remedy = "replay it, or discard it" if run.state == State.FAILED else ""
    return Reason("finished", f"it ended {run.state}{f': {run.reason}' if run.reason else ''}", remedy)


def _waits_for_time(run: Run, now: datetime) -> Iterator[Reason]:
    if run.waits_for == WaitsFor.REPLACEMENT:
        yield Reason("replacement", "it waits for the tasks that replace it")
    elif run.run_at > now:
        what = "its next attempt" if run.state == State.RETRYING else "its time"
        yield Reason("time", f"it waits for {what} at {run.run_at:%F %T} UTC", "run it now, or cancel it")
    else:
        yield Reason("due", "it is due and waits for the dispatcher")
    yield from _no_beat(run, now)


def _paused(run: Run, now: datetime) -> Iterator[Reason]:
    row = Queue.objects.filter(name=run.queue, paused_at__isnull=False).select_related("paused_by").first()
    if row is not None:
        by = f" by {row.paused_by}" if row.paused_by else ""
        yield Reason("paused", f"queue {run.queue} is paused since {row.paused_at:%F %T} UTC{by}", "resume the queue")


def _limited(run: Run, now: datetime) -> Iterator[Reason]:
    if run.rate_reserved and run.run_at > now:
        yield Reason("rate", f"its rate limit ({run.rate_key}) lets it start at {run.run_at:%F %T} UTC")


def _parked(run: Run, now: datetime) -> Iterator[Reason]:
    if run.reason.startswith(ledger.PARKED):
        yield Reason("parked", run.reason, "deploy the code that it needs, or cancel it")


def _busy(run: Run, now: datetime) -> Iterator[Reason]:
    if run.concurrency_key is None:
        return
    holders = list(Run.objects.running().filter(concurrency_key=run.concurrency_key).select_related("worker")[:5])
    if len(holders) >= run.concurrency_limit:
        names = ", ".join(f"{holder.job} {holder.pk}" for holder in holders)
        yield Reason("concurrency", f"all {run.concurrency_limit} slots of {run.concurrency_key} are held by {names}")


def _unknown(run: Run, now: datetime) -> Iterator[Reason]:
    if run.job not in registry.registered():
        yield Reason("unknown job", f"no job is called {run.job} here", "deploy the code that has it, or cancel it")


def _unserved(run: Run, now: datetime) -> Iterator[Reason]:
    if not any(run.queue in worker.queues for worker in Worker.objects.reporting(Worker.Kind.WORKER, now=now)):
        remedy = f"start one: {start_words('worker', app=conf().celery_app, queues=[run.queue])}"
        yield Reason("no worker", f"no worker that serves queue {run.queue} reports", remedy)


def _broker(run: Run, now: datetime) -> Iterator[Reason]:
    if run.published_at is None and (run.reason == "broker away" or is_broker_away(run.queue)):
        yield Reason("broker", "the broker did not take its message", "see that the broker runs: jobs doctor")


def _behind(run: Run, now: datetime) -> Iterator[Reason]:
    if run.published_at is None and not run.reason:
        # In the words of a partial index: by the state alone it would be a scan of the table.
        alike = QUEUED_PARTS[2] if run.is_packed else QUEUED_PARTS[0]
        before = Run.objects.filter(alike, queue=run.queue, pk__lt=run.pk).order_by()[:_MOST_COUNTED].count()
        if before:
            many = f"at least {before:,}" if before == _MOST_COUNTED else f"{before:,}"
            yield Reason("backlog", f"{many} runs wait before it in queue {run.queue}", "start more workers")


def _no_beat(run: Run, now: datetime) -> Iterator[Reason]:
    if run.published_at is None and not Worker.objects.reporting(Worker.Kind.BEAT, now=now).exists():
        remedy = f"start one: {start_words('beat', app=conf().celery_app)}"
        yield Reason("no beat", "no beat reports, so nobody dispatches", remedy)


_CHECKS: list[Callable[[Run, datetime], Iterator[Reason]]] = [
    _paused,
    _limited,
    _parked,
    _busy,
    _unknown,
    _unserved,
    _broker,
    _no_beat,
    _behind,
]
