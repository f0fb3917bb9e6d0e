"""`why` gives the true reason for everything that keeps a run from running."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from jobs import ledger
from jobs.explain import why
from jobs.ledger import Refusal
from jobs.models import Queue, Run, Worker
from jobs.models.run import WaitsFor
from jobs.states import State
from tests.integration.jobs.conftest import new_node, stored_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-22")]
SOON = timedelta(minutes=5)


def paused() -> Run:
    Queue.objects.create(name="email", paused_at=ledger.now())
    return stored_run(queue="email", published_at=None)


def holders() -> Run:
    stored_run(State.RUNNING, concurrency_key="k", concurrency_slot=0)
    return stored_run(concurrency_key="k", published_at=None)


def limited() -> Run:
    return stored_run(rate_key="example", rate_reserved=True, run_at=ledger.now() + SOON, published_at=None)


def parked() -> Run:
    run = stored_run()
    ledger.park(run.pk, now=ledger.now(), reason=f"{Refusal.MISFIT}: got an unexpected argument 'x'")
    return Run.objects.get(pk=run.pk)


def behind() -> Run:
    first = stored_run(published_at=None)
    later = stored_run(published_at=None)
    assert first.pk < later.pk
    return later


def parent() -> Run:
    run = stored_run(State.RUNNING, waits_for=WaitsFor.CHILDREN)
    stored_run(parent=run)
    return run


CASES: dict[str, tuple[Callable[[], Run], str, str]] = {
    "its time": (lambda: stored_run(State.SCHEDULED, run_at=ledger.now() + SOON), "time", "its time"),
    "its next attempt": (lambda: stored_run(State.RETRYING, run_at=ledger.now() + SOON), "time", "its next attempt"),
    "what replaces it": (
        lambda: stored_run(State.RETRYING, waits_for=WaitsFor.REPLACEMENT), "replacement", "replace it"
    ),
    "the dispatcher": (lambda: stored_run(State.RETRYING), "due", "waits for the dispatcher"),
    "a paused queue": (paused, "paused", "queue email is paused since"),
    "a rate limit": (limited, "rate", "its rate limit (example) lets it start at"),
    "workers of another release": (parked, "parked", "unexpected argument 'x'"),
    "a slot": (holders, "concurrency", "all 1 slots of k are held by noted"),
    "code that knows its job": (lambda: stored_run(job="gone"), "unknown job", "no job is called gone here"),
    "a worker": (lambda: stored_run(queue="ai"), "no worker", "no worker that serves queue ai reports"),
    "the broker": (
        lambda: stored_run(published_at=None, reason="broker away"), "broker", "did not take its message"
    ),
    "those before it": (behind, "backlog", "1 runs wait before it"),
    "its children": (parent, "children", "1 children have not ended"),
    "nothing": (stored_run, "starting", "a worker will take it next"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_reason_is_told(case: str) -> None:
    new_node(queues=["base", "email"])
    new_node(kind=Worker.Kind.BEAT)
    make, code, words = CASES[case]
    reasons = why(make())
    assert reasons[0].code == code
    assert words in reasons[0].text


def test_who_waits_for_a_dispatcher_is_told_that_there_is_none() -> None:
    new_node(queues=["base"])
    assert [reason.code for reason in why(stored_run(published_at=None))] == ["no beat"]


def test_the_holder_of_a_slot_is_named() -> None:
    holder = stored_run(State.RUNNING, concurrency_key="k", concurrency_slot=0)
    reasons = {reason.code: reason.text for reason in why(stored_run(concurrency_key="k"))}
    assert str(holder.pk) in reasons["concurrency"]
