"""Every verb of the ledger from every state: it moves along the table and nowhere else, or changes nothing at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import override_settings

from jobs import ledger
from jobs.ledger import Fence, Refusal
from jobs.models import Queue, Run
from jobs.outcomes import Failure
from jobs.states import TRANSITIONS, State
from tests.integration.jobs.conftest import MakeRun, new_node, row_of

pytestmark = pytest.mark.django_db
FAILURE = Failure("ValueError", "no", "f" * 16, "trace")
Verb = Callable[[Run], object]


def held(run: Run) -> Fence:
    return Fence(run.pk, token=1)


VERBS: dict[str, tuple[State, set[State], Verb]] = {
    "claim": (
        State.RUNNING,
        {State.QUEUED},
        lambda run: isinstance(ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now()), Run),
    ),
    "succeed": (State.SUCCESS, {State.RUNNING}, lambda run: ledger.succeed(held(run), now=ledger.now())),
    "fail": (State.FAILED, {State.RUNNING}, lambda run: ledger.fail(held(run), FAILURE, now=ledger.now())),
    "stop": (State.CANCELLED, {State.RUNNING}, lambda run: ledger.stop(held(run), now=ledger.now(), reason="x")),
    "try_again": (
        State.RETRYING,
        {State.RUNNING},
        lambda run: ledger.try_again(held(run), FAILURE, at=ledger.now(), now=ledger.now()),
    ),
    "set_aside": (State.RETRYING, {State.RUNNING}, lambda run: ledger.set_aside(held(run))),
    "cancel": (
        State.CANCELLED,
        {State.SCHEDULED, State.QUEUED, State.RETRYING},
        lambda run: ledger.cancel(run.pk, now=ledger.now(), reason="x"),
    ),
    "skip": (
        State.SKIPPED,
        {State.SCHEDULED, State.QUEUED},
        lambda run: ledger.skip(run.pk, now=ledger.now(), reason="x"),
    ),
    "replay": (State.QUEUED, {State.FAILED, State.CANCELLED}, lambda run: ledger.replay(run.pk, now=ledger.now())),
    "release": (State.QUEUED, {State.SCHEDULED, State.RETRYING}, lambda run: ledger.release(run.pk, now=ledger.now())),
    "release_due": (
        State.QUEUED,
        {State.SCHEDULED, State.RETRYING},
        lambda run: ledger.release_due(now=ledger.now(), limit=10),
    ),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", VERBS)
@pytest.mark.req("PL-5")
def test_a_verb_moves_along_the_table_or_changes_nothing(make_run: MakeRun, name: str, state: State) -> None:
    target, sources, verb = VERBS[name]
    # The token alone would let the fence hold: it is the state that must not.
    run = make_run(state, token=1)
    before = row_of(run.pk)
    done = bool(verb(run))
    after = row_of(run.pk)
    assert done is (state in sources)
    if state in sources:
        assert target in TRANSITIONS[state]
        assert after["state"] == target
        assert (after["finished_at"] is not None) is target.is_final
    else:
        assert after == before


@pytest.mark.parametrize("state", State)
def test_asking_to_stop_touches_running_runs_only_and_once(make_run: MakeRun, state: State) -> None:
    run = make_run(state)
    assert ledger.request_cancel(run.pk, now=ledger.now()) is (state is State.RUNNING)
    assert not ledger.request_cancel(run.pk, now=ledger.now())
    assert row_of(run.pk)["state"] == state


@pytest.mark.parametrize("verb", ["succeed", "fail", "stop", "try_again", "set_aside"])
@pytest.mark.parametrize("fence", ["older", "other node", "other run"])
@pytest.mark.req("PL-6")
def test_a_fence_that_no_longer_holds_changes_nothing(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, verb: str, fence: str
) -> None:
    run = make_run(State.RUNNING, token=2, attempt=2)
    wrong = {
        "older": Fence(run.pk, token=1),
        "other node": Fence(run.pk, worker_id=uuid4()),
        "other run": Fence(uuid4(), token=2),
    }[fence]
    monkeypatch.setattr("tests.integration.jobs.test_ledger_verbs.held", lambda _: wrong)
    before = row_of(run.pk)
    assert not VERBS[verb][2](run)
    assert row_of(run.pk) == before


def test_a_claim_counts_the_attempt_and_raises_the_token(make_run: MakeRun) -> None:
    run = make_run(attempt=1, token=7, reason="broker away")
    worker = new_node()
    claimed = ledger.claim(run.pk, worker_id=worker.pk, now=ledger.now())
    assert isinstance(claimed, Run)
    assert (claimed.attempt, claimed.token, claimed.worker_id, claimed.reason) == (2, 8, worker.pk, "")
    assert row_of(run.pk) == {**row_of(claimed.pk)}


def test_a_claim_of_an_unknown_run_is_refused(node: object) -> None:
    assert ledger.claim(uuid4(), worker_id=uuid4(), now=ledger.now()) is Refusal.UNKNOWN


def test_a_message_for_another_job_claims_nothing(make_run: MakeRun) -> None:
    run = make_run()
    assert ledger.claim(run.pk, worker_id=uuid4(), now=ledger.now(), job="another") is Refusal.STALE
    assert row_of(run.pk)["state"] == State.QUEUED


def test_a_run_past_its_deadline_is_skipped_at_the_claim(make_run: MakeRun) -> None:
    now = ledger.now()
    run = make_run(expires_at=now)
    assert ledger.claim(run.pk, worker_id=new_node().pk, now=now) is Refusal.EXPIRED
    row = row_of(run.pk)
    assert (row["state"], row["attempt"], row["finished_at"]) == (State.SKIPPED, 0, now)


@pytest.mark.req("SK-6")
def test_a_run_for_a_time_of_its_own_is_missed_when_its_deadline_passed_too(make_run: MakeRun) -> None:
    now = ledger.now()
    run = make_run(run_at=now - timedelta(hours=1), fire_at=now - timedelta(hours=1), expires_at=now)
    assert ledger.claim(run.pk, worker_id=new_node().pk, now=now) is Refusal.EXPIRED
    row = row_of(run.pk)
    assert (row["state"], row["attempt"], row["finished_at"]) == (State.MISSED, 0, now)
    assert row["reason"] == "not started before its deadline"
    assert not ledger.expire(run.pk, now=now)


@pytest.mark.req("PW-5")
def test_a_run_of_a_paused_queue_is_put_back(make_run: MakeRun) -> None:
    run = make_run(queue="email")
    Queue.objects.create(name="email", paused_at=ledger.now())
    assert ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now()) is Refusal.PAUSED
    row = row_of(run.pk)
    assert (row["state"], row["published_at"], row["attempt"], row["reason"]) == ("QUEUED", None, 0, "queue paused")


def test_a_run_enqueued_by_a_clock_that_is_ahead_starts_at_once(make_run: MakeRun) -> None:
    run = make_run(run_at=ledger.now() + timedelta(seconds=5))
    assert isinstance(ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now()), Run)


def test_a_reserved_start_is_not_taken_early(make_run: MakeRun) -> None:
    run = make_run(run_at=ledger.now() + timedelta(minutes=1), rate_reserved=True)
    assert ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now()) is Refusal.EARLY
    assert row_of(run.pk)["published_at"] is None


@pytest.mark.req("AQ-3")
def test_the_log_of_attempts_is_bounded_and_keeps_the_latest(make_run: MakeRun) -> None:
    run = make_run(State.RUNNING)
    with override_settings(DAYBOOK={"attempts_kept": 3}):
        for number in range(1, 6):
            assert ledger.try_again(Fence(run.pk, token=number), FAILURE, at=ledger.now(), now=ledger.now())
            assert ledger.release(run.pk, now=ledger.now())
            assert isinstance(ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now()), Run)
    assert [entry["attempt"] for entry in row_of(run.pk)["attempts"]] == [3, 4, 5]


def test_an_attempt_that_does_not_spend_leaves_the_count(make_run: MakeRun) -> None:
    run = make_run(State.RUNNING, attempt=3)
    assert ledger.try_again(held(run), None, at=ledger.now(), now=ledger.now(), spends=False)
    row = row_of(run.pk)
    assert (row["attempt"], row["attempts"]) == (2, [])


def test_a_success_after_failures_shows_no_error_but_keeps_the_log(make_run: MakeRun) -> None:
    run = make_run(State.RUNNING)
    ledger.try_again(held(run), FAILURE, at=ledger.now(), now=ledger.now())
    ledger.release(run.pk, now=ledger.now())
    ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now())
    assert ledger.succeed(Fence(run.pk, token=2), now=ledger.now())
    row = row_of(run.pk)
    assert (row["error_kind"], row["error_message"], row["error_fingerprint"]) == ("", "", "")
    assert [entry["kind"] for entry in row["attempts"]] == ["ValueError"]


def test_a_replayed_run_starts_counting_anew_and_old_fences_stay_shut(make_run: MakeRun) -> None:
    run = make_run(State.RUNNING)
    ledger.fail(held(run), FAILURE, now=ledger.now())
    assert ledger.replay(run.pk, now=ledger.now())
    claimed = ledger.claim(run.pk, worker_id=new_node().pk, now=ledger.now())
    assert isinstance(claimed, Run)
    assert (claimed.attempt, claimed.token) == (1, 2)
    assert not ledger.succeed(held(run), now=ledger.now())
    assert row_of(run.pk)["state"] == State.RUNNING


def test_replaying_a_run_whose_unique_key_is_taken_changes_nothing(make_run: MakeRun) -> None:
    dead = make_run(State.FAILED, unique_key="k")
    make_run(State.QUEUED, unique_key="k")
    before = row_of(dead.pk)
    assert not ledger.replay(dead.pk, now=ledger.now())
    assert row_of(dead.pk) == before


def test_a_discarded_dead_letter_is_resolved_once(make_run: MakeRun) -> None:
    run = make_run(State.FAILED)
    assert ledger.discard(run.pk, now=ledger.now())
    assert not ledger.discard(run.pk, now=ledger.now())
    assert row_of(run.pk)["state"] == State.FAILED


@pytest.mark.req("PL-6")
def test_a_report_on_a_dead_child_ends_no_attempt_of_another_child(make_run: MakeRun) -> None:
    run, node = make_run(), new_node()
    claimed = ledger.claim(run.pk, worker_id=node.pk, now=ledger.now())
    assert isinstance(claimed, Run)
    before = row_of(run.pk)
    assert claimed.process_id == os.getpid()
    late = ledger.Fence(run.pk, worker_id=node.pk, process_id=os.getpid() + 1)
    assert not ledger.stop(late, now=ledger.now(), reason="terminated")
    assert row_of(run.pk) == before
    own = ledger.Fence(run.pk, worker_id=node.pk, process_id=os.getpid())
    assert ledger.stop(own, now=ledger.now(), reason="terminated")
