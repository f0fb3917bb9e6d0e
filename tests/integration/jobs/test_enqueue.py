"""apply_async without a broker: what the row says, what is refused, and that nothing is left of a refusal."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
import time_machine
from django.contrib.auth.models import User
from django.db import transaction

from jobs import drafting, publish
from jobs.breaker import WHOLE, Breaker
from jobs.errors import ArgumentsError
from jobs.models import Bell, Run
from jobs.states import State
from project.celery import app
from tests.tasks_for_tests import add, noted, one_at_a_time, sends_code, unique_by_arguments

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def broker_away(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens, and the engine knows it."""
    monkeypatch.setattr(publish, "_breaker", Breaker())
    publish._breaker.note_failure(WHOLE, at=0.0, pause_seconds=float("inf"))


@pytest.mark.req("PL-1")
def test_delay_returns_the_id_of_a_queued_row() -> None:
    result = add.delay(1, y=2)
    run = Run.objects.get(pk=result.id)
    assert (run.job, run.args, run.kwargs, run.state, run.attempt) == ("add", [1], {"y": 2}, "QUEUED", 0)
    assert result.state == "PENDING"


@pytest.mark.parametrize("own", [{}, {"compression": "gzip"}], ids=["no options", "an option of the job's own"])
@pytest.mark.parametrize("job", [add, one_at_a_time, unique_by_arguments], ids=lambda job: job.name)
@pytest.mark.req("PL-1")
def test_a_jobs_later_runs_are_drafted_like_its_first(
    job: Any, own: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task: Any = app.tasks[job.name]
    monkeypatch.setattr(task, "_exec_options", {**task._get_exec_options(), **own})
    monkeypatch.setattr(task, "usual", None)
    drafting._defaults.cache_clear()
    with time_machine.travel(NOON, tick=False):
        first, *later = (vars(drafting.draft(task, ["a"], {})), *(vars(task.new_run(["a"], {})) for _ in range(3)))
        task.new_run(["b"], {}).options["of"] = "another"
        later.append(vars(task.new_run(["a"], {})))
    drafting._defaults.cache_clear()
    varied = {"id", "correlation_id", "_state"}
    assert len({run["id"] for run in (first, *later)}) == 5
    for run in later:
        assert run["correlation_id"] == f"job-{run['id']}"
        assert {name: run[name] for name in run.keys() - varied} == {
            name: first[name] for name in first.keys() - varied
        }
    assert first["options"] == own


@pytest.mark.req("PL-1")
def test_a_setting_that_changes_counts_from_the_next_run_on(settings: Any) -> None:
    assert [add.new_run([1], {}).is_packed for _ in range(2)] == [True, True]
    settings.DAYBOOK = {**settings.DAYBOOK, "packs_ordinary_jobs": False, "code_version": "next"}
    runs = [add.new_run([1], {}) for _ in range(2)]
    assert [(run.is_packed, run.code_version) for run in runs] == [(False, "next")] * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PL-5")
def test_a_broker_that_is_away_leaves_the_row_for_the_dispatcher() -> None:
    run, packed = (Run.objects.get(pk=result.id) for result in (one_at_a_time.delay("a"), add.delay(1)))
    assert (run.state, run.published_at, run.reason) == ("QUEUED", None, "broker away")
    assert (packed.state, packed.is_packed, Bell.objects.exists()) == ("QUEUED", True, False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PL-1")
def test_a_rolled_back_transaction_leaves_no_row() -> None:
    with transaction.atomic():
        add.delay(1)
        assert Run.objects.count() == 1
        transaction.set_rollback(True)
    assert Run.objects.count() == 0


@pytest.mark.parametrize(
    ("options", "state", "run_at", "expires_at"),
    [
        ({}, State.QUEUED, NOON, None),
        ({"countdown": 90}, State.SCHEDULED, NOON + timedelta(seconds=90), None),
        ({"countdown": 0}, State.QUEUED, NOON, None),
        ({"countdown": -5}, State.QUEUED, NOON - timedelta(seconds=5), None),
        ({"eta": datetime(2025, 7, 1, 8)}, State.SCHEDULED, datetime(2025, 7, 1, 8, tzinfo=UTC), None),
        ({"eta": "2025-07-01T08:00:00+02:00"}, State.SCHEDULED, datetime(2025, 7, 1, 6, tzinfo=UTC), None),
        ({"expires": 60}, State.QUEUED, NOON, NOON + timedelta(seconds=60)),
        ({"expires": NOON}, State.QUEUED, NOON, NOON),
        ({"expires": "2025-01-02T00:00:00Z"}, State.QUEUED, NOON, datetime(2025, 1, 2, tzinfo=UTC)),
    ],
)
@pytest.mark.req("PL-1")
def test_celerys_times_become_the_rows(
    options: dict[str, Any], state: State, run_at: datetime, expires_at: datetime | None
) -> None:
    with time_machine.travel(NOON, tick=False):
        run = Run.objects.get(pk=add.apply_async((1,), **options).id)
    assert (run.state, run.run_at, run.expires_at) == (state, run_at, expires_at)


@pytest.mark.parametrize(
    ("args", "said"),
    [((), "missing"), ((1, 2, 3), "positional"), ((object(),), "not JSON"), (("x" * 2_000_000,), "bytes")],
)
@pytest.mark.req("PL-1")
def test_arguments_that_can_not_run_are_refused_and_leave_nothing(args: tuple[object, ...], said: str) -> None:
    with pytest.raises(ArgumentsError, match=said):
        add.delay(*args)
    assert Run.objects.count() == 0


@pytest.mark.req("AQ-3")
def test_a_run_knows_for_whom_and_why() -> None:
    user = User.objects.create(username="anna")
    runs = [Run.objects.get(pk=noted.apply_async(owner=owner, cause="cli").id) for owner in (user, user.pk)]
    assert [(run.owner_id, run.cause) for run in runs] == [(user.pk, "cli")] * 2


@pytest.mark.req("SW-3")
def test_a_correlation_id_is_inherited_or_fresh() -> None:
    request_id = str(uuid.uuid4())
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        inherited = Run.objects.get(pk=noted.delay().id)
    fresh = Run.objects.get(pk=noted.delay().id)
    assert inherited.correlation_id == f"job-{request_id}"
    assert fresh.correlation_id.startswith("job-")
    assert fresh.correlation_id != inherited.correlation_id


@pytest.mark.req("PL-1")
def test_sending_by_name_writes_the_row_too() -> None:
    run = Run.objects.get(pk=app.send_task("add", (1, 2), queue="email").id)
    assert (run.job, run.queue, run.state) == ("add", "email", "QUEUED")


@pytest.mark.req("SW-22")
def test_a_unique_run_that_waits_is_returned_instead_of_a_second() -> None:
    first, second, other = (unique_by_arguments.delay(value) for value in (1, 1, 2))
    assert first.id == second.id != other.id
    assert Run.objects.count() == 2


@pytest.mark.req("SW-22")
def test_two_long_keys_that_differ_at_their_end_are_two() -> None:
    long = "x" * 300
    first, second = one_at_a_time.delay(f"{long}1"), one_at_a_time.delay(f"{long}2")
    keys = set(Run.objects.filter(pk__in=[first.id, second.id]).values_list("concurrency_key", flat=True))
    assert len(keys) == 2
    assert unique_by_arguments.apply_async((1,), unique_key=f"{long}1").id != (
        unique_by_arguments.apply_async((1,), unique_key=f"{long}2").id
    )


@pytest.mark.req("PL-6")
def test_the_same_task_id_is_one_run() -> None:
    task_id = str(uuid.uuid4())
    assert {noted.apply_async(("once",), task_id=task_id).id for _ in range(3)} == {task_id}
    assert Run.objects.count() == 1


@pytest.mark.req("AQ-2")
def test_a_sensitive_argument_rests_sealed() -> None:
    run = Run.objects.filter(pk=sends_code.delay("a@b.c", code="123456").id).values().get()
    assert "123456" not in str(run)
    assert "a@b.c" in str(run)


@pytest.mark.django_db
def test_runs_drafted_alike_keep_ids_of_their_own_whatever_the_first_was_asked() -> None:
    drafted = drafting.draft_alike(add, ({"x": number} for number in range(2)))
    ids = [(run.text_id, str(run.pk)) for run in drafted]
    assert [text for text, _ in ids] == [own for _, own in ids]
