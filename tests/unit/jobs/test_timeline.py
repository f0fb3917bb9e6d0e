"""A run's row tells its life: what happened, in order, and what is still to come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs.models import Run, Worker
from jobs.models.run import Cause, WaitsFor
from jobs.states import State
from jobs.timeline import timeline
from tests.rows import NOON, new_run

pytestmark = pytest.mark.req("SW-22", "PL-3")


def _after(seconds: float) -> Any:
    return NOON + timedelta(seconds=seconds)


def _failed_attempt(number: int, start: float, end: float, worker: str = "") -> dict[str, Any]:
    return {
        "attempt": number,
        "started_at": _after(start).isoformat(),
        "ended_at": _after(end).isoformat(),
        "worker": worker,
        "kind": "OSError",
        "message": "no route",
        "trace": f"trace of {number}",
    }


def _story(run: Run, **names: Any) -> list[tuple[str, str]]:
    return [(moment.what, moment.detail) for moment in timeline(run, **names)]


def test_a_run_that_succeeds_at_once_is_told_from_enqueueing_to_its_end() -> None:
    run = new_run(
        state=State.SUCCESS,
        cause=Cause.API,
        queue="email",
        published_at=_after(0.1),
        started_at=_after(1),
        finished_at=_after(4),
        attempt=1,
    )
    assert _story(run, owner="anna") == [
        ("Enqueued by API", "for anna"),
        ("Published", "to queue email"),
        ("Attempt 1 succeeded", ""),
        ("Finished", ""),
    ]
    attempt = timeline(run)[2]
    assert (attempt.at, attempt.seconds, attempt.tone) == (_after(1), 3.0, "good")


def test_every_failed_attempt_is_told_with_its_worker_error_and_traceback() -> None:
    run = new_run(
        state=State.FAILED,
        started_at=_after(60),
        finished_at=_after(61),
        attempt=2,
        attempts=[_failed_attempt(1, 1, 3, worker="w1"), _failed_attempt(2, 60, 61)],
    )
    assert _story(run, workers={"w1": "mail@atlas"}) == [
        ("Enqueued by code", ""),
        ("Attempt 1 failed", "on mail@atlas · OSError: no route"),
        ("Attempt 2 failed", "OSError: no route"),
        ("Failed: a dead letter until replayed or discarded", ""),
    ]
    assert [moment.trace for moment in timeline(run)] == ["", "trace of 1", "trace of 2", ""]


def test_an_attempt_that_succeeds_after_failures_is_told_beside_them() -> None:
    run = new_run(
        state=State.SUCCESS,
        started_at=_after(60),
        finished_at=_after(61),
        attempt=2,
        attempts=[_failed_attempt(1, 1, 3)],
    )
    assert [what for what, _ in _story(run)] == [
        "Enqueued by code",
        "Attempt 1 failed",
        "Attempt 2 succeeded",
        "Finished",
    ]


@pytest.mark.parametrize(
    ("columns", "last"),
    [
        ({"state": State.QUEUED, "reason": "queue paused"}, ("Waits for a worker", "queue paused")),
        ({"state": State.SCHEDULED, "run_at": _after(60)}, ("Starts not before this", "")),
        (
            {"state": State.RETRYING, "attempt": 1, "run_at": _after(60), "reason": "retry after OSError"},
            ("Attempt 2 is due", "retry after OSError"),
        ),
        (
            {"state": State.RUNNING, "attempt": 1, "started_at": _after(1), "cancel_requested_at": _after(2)},
            ("Asked to stop", ""),
        ),
        (
            {"state": State.RUNNING, "attempt": 1, "started_at": _after(1), "waits_for": WaitsFor.CHILDREN},
            ("Waits for its children", ""),
        ),
        ({"state": State.MISSED, "finished_at": _after(1)}, ("Missed: noticed too late to run", "")),
        ({"state": State.SKIPPED, "finished_at": _after(1), "reason": "busy"}, ("Skipped", "busy")),
        ({"state": State.CANCELLED, "finished_at": _after(1)}, ("Cancelled", "")),
    ],
)
def test_the_last_moment_says_where_the_run_stands(columns: dict[str, Any], last: tuple[str, str]) -> None:
    assert _story(new_run(**columns))[-1] == last


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_story_that_begins_with_enqueueing(state: State) -> None:
    assert _story(new_run(state=state))[0] == ("Enqueued by code", "")


def test_a_scheduled_run_says_when_it_was_due() -> None:
    run = new_run(cause=Cause.SCHEDULE, fire_at=_after(-2), owner=User(username="ben"))
    assert _story(run)[0] == ("Enqueued by schedule", "due 2026-03-01 11:59:58 UTC")


def test_a_run_of_the_command_line_was_never_published() -> None:
    here = Worker(kind=Worker.Kind.COMMAND, name="command")
    run = new_run(state=State.RUNNING, published_at=NOON, started_at=_after(1), attempt=1, worker=here)
    assert [what for what, _ in _story(run)] == ["Enqueued by code", "Attempt 1 running"]
