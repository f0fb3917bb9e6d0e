"""The ledger under any history of claims, losses, late ends and people's wishes, held against a model in ten lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import pytest
from celery.exceptions import WorkerLostError
from celery.states import FAILURE
from django_celery_results.models import TaskResult
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobs import ledger
from jobs.backend import LedgerBackend
from jobs.ledger import Fence
from jobs.models import Run
from jobs.outcomes import Failure
from jobs.states import FINAL, State
from project.celery import app
from tests.integration.jobs.conftest import new_node, stored_run

END = Failure("ValueError", "no", "f" * 16, "trace")


class History(RuleBasedStateMachine):
    """One run; `token` and `state` are what the model says, every fence ever handed out may be used at any time."""

    fences = st.integers(0, 30)

    @initialize()
    def enqueue(self) -> None:
        self.run = stored_run(job="fails_until")
        self.worker = new_node()
        self.state, self.token, self.attempt = State.QUEUED, 0, 0

    @rule()
    def claim(self) -> None:
        claimed = ledger.claim(self.run.pk, worker_id=self.worker.pk, now=ledger.now())
        assert isinstance(claimed, Run) is (self.state is State.QUEUED)
        if self.state is State.QUEUED:
            self.state, self.token, self.attempt = State.RUNNING, self.token + 1, self.attempt + 1

    @rule(token=fences)
    def succeed(self, token: int) -> None:
        self._end(State.SUCCESS, token, lambda fence: ledger.succeed(fence, now=ledger.now()))

    @rule(token=fences)
    def fail(self, token: int) -> None:
        self._end(State.FAILED, token, lambda fence: ledger.fail(fence, END, now=ledger.now()))

    @rule(token=fences)
    def stop(self, token: int) -> None:
        self._end(State.CANCELLED, token, lambda fence: ledger.stop(fence, now=ledger.now(), reason="x"))

    @rule(token=fences, spends=st.booleans())
    def try_again(self, token: int, spends: bool) -> None:
        now = ledger.now()
        if self._end(State.RETRYING, token, lambda fence: ledger.try_again(fence, END, at=now, now=now, spends=spends)):
            self.attempt -= not spends

    @rule()
    def lose_the_node(self) -> None:
        """Rescue as beat would: three losses end the run."""
        row = Run.objects.get(pk=self.run.pk)
        losses = sum(entry["kind"] == "LOST" for entry in row.attempts)
        cast("LedgerBackend", app.backend).settle_lost(row, WorkerLostError("gone"))
        if self.state is State.RUNNING:
            self.state = State.FAILED if losses >= 2 else State.RETRYING

    @rule(wish=st.sampled_from(["cancel", "skip", "replay", "release"]))
    def wish(self, wish: str) -> None:
        waiting = {State.SCHEDULED, State.QUEUED, State.RETRYING}
        allowed, target = {
            "cancel": (waiting, State.CANCELLED),
            "skip": ({State.QUEUED}, State.SKIPPED),
            "replay": ({State.FAILED, State.CANCELLED}, State.QUEUED),
            "release": ({State.RETRYING}, State.QUEUED),
        }[wish]
        assert grant(wish, self.run.pk, now=ledger.now() + timedelta(seconds=1)) is (self.state in allowed)
        if self.state in allowed:
            self.state = target
            self.attempt = 0 if wish == "replay" else self.attempt

    @precondition(lambda self: self.state in FINAL)
    @rule(status=st.sampled_from(["PROGRESS", "STARTED", "SUCCESS"]))
    def store_late(self, status: str) -> None:
        """Do what a woken attempt's update_state() does."""
        app.backend.store_result(str(self.run.pk), {"late": 1}, status)

    @invariant()
    def the_row_is_as_the_model_says(self) -> None:
        row = Run.objects.filter(pk=self.run.pk).values().get()
        assert (row["state"], row["token"], row["attempt"]) == (self.state, self.token, self.attempt)
        assert (row["finished_at"] is not None) is (self.state in FINAL)
        assert row["concurrency_slot"] is None

    @invariant()
    def no_result_contradicts_the_run(self) -> None:
        """Only settle_lost stores a result here; from then on no late state replaces it."""
        status = TaskResult.objects.filter(task_id=str(self.run.pk)).values_list("status", flat=True).first()
        assert status in {None, FAILURE}

    def _end(self, target: State, token: int, act: Callable[[Fence], bool]) -> bool:
        holds = self.state is State.RUNNING and token == self.token
        assert act(Fence(self.run.pk, token=token)) is holds
        if holds:
            self.state = target
        return holds


def grant(wish: str, run_id: UUID, *, now: datetime) -> bool:
    match wish:
        case "cancel":
            return ledger.cancel(run_id, now=now, reason="x")
        case "skip":
            return ledger.skip(run_id, now=now, reason="x")
        case "replay":
            return ledger.replay(run_id, now=now)
        case _:
            return ledger.release(run_id, now=now)


@pytest.mark.django_db
@pytest.mark.req("PL-5", "PL-6")
def test_any_history_leaves_the_row_that_the_lifecycle_allows() -> None:
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
