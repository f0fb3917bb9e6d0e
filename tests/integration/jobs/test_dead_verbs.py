"""Dead letters are listed by error, and replayed or discarded by error or job from the command line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from jobs.models import Run
from jobs.states import State
from jobs.tasks.replay_dead_letters import replay_dead_letters
from jobs.testing import drain, result_of
from tests import tasks_for_tests
from tests.commands import jobs, jobs_json, refused
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-22")]
assert tasks_for_tests
OURS, OTHERS = "a" * 16, "b" * 16


def _letters(count: int, *, fingerprint: str = OURS, **columns: Any) -> list[Run]:
    given = {"job": "add", "kwargs": {"x": 1}, "state": State.FAILED, "finished_at": NOON, "error_kind": "OSError"}
    given |= {"error_message": "no route", "error_fingerprint": fingerprint, **columns}
    return [saved_run(**given) for _ in range(count)]


def _states() -> list[tuple[str, str, int]]:
    rows = Run.objects.exclude(job="replay_dead_letters").values_list("error_fingerprint", "state")
    return sorted((*row, list(rows).count(row)) for row in set(rows))


def test_dead_list_groups_by_job_and_error_the_most_numerous_first() -> None:
    _letters(1, fingerprint=OTHERS, job="plain", error_message="full")
    _letters(2)
    _letters(1, resolved_at=NOON)
    listed = jobs_json("dead", "list")
    assert [(group["fingerprint"], group["job"], group["count"]) for group in listed] == [
        (OURS, "add", 2),
        (OTHERS, "plain", 1),
    ]
    assert (listed[0]["kind"], listed[0]["message"], listed[0]["last_at"]) == (
        "OSError",
        "no route",
        "2026-03-01T12:00:00Z",
    )
    assert jobs("dead", "list").splitlines()[1].split()[:3] == ["2", "add", OURS]


@pytest.mark.parametrize("chosen", [("--fingerprint", OURS), ("--job", "add")])
def test_replay_enqueues_those_of_one_error_or_job_and_no_others(chosen: tuple[str, str]) -> None:
    _letters(3)
    _letters(2, fingerprint=OTHERS, job="plain")
    assert jobs("dead", "replay", *chosen) == "3 replayed\n"
    assert _states() == [(OURS, "QUEUED", 3), (OTHERS, "FAILED", 2)]


def test_replay_all_enqueues_every_one() -> None:
    _letters(3)
    _letters(2, fingerprint=OTHERS, job="plain")
    assert jobs_json("dead", "replay", "--all") == {"replayed": 5}
    assert _states() == [(OURS, "QUEUED", 3), (OTHERS, "QUEUED", 2)]


@pytest.mark.parametrize("verb", ["replay", "discard"])
@pytest.mark.parametrize("chosen", [(), ("--all", "--job", "add"), ("--all", "--fingerprint", OURS)])
def test_without_a_clear_choice_it_exits_2_and_touches_none(verb: str, chosen: tuple[str, ...]) -> None:
    _letters(2)
    assert refused("dead", verb, *chosen) == (2, "name --fingerprint or --job, or else --all")
    assert _states() == [(OURS, "FAILED", 2)]


def test_discard_closes_those_of_one_error_and_no_others() -> None:
    _letters(3)
    _letters(2, fingerprint=OTHERS)
    assert jobs("dead", "discard", "--fingerprint", OURS) == "3 discarded\n"
    assert Run.objects.filter(error_fingerprint=OURS, resolved_at=None).count() == 0
    assert Run.objects.filter(error_fingerprint=OTHERS, resolved_at=None).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_canary_replays_in_growing_steps_until_all_are_done() -> None:
    _letters(15)
    run = Run.objects.get(pk=jobs_json("dead", "replay", "--fingerprint", OURS, "--canary", "1")["id"])
    assert (run.job, run.cause, run.kwargs["steps"]) == ("replay_dead_letters", "cli", [1, 10, 100])
    drain()
    assert result_of(run) == {"replayed": 15, "refused": 0, "failed": 0, "stopped": False}
    assert set(Run.objects.values_list("state", flat=True)) == {State.SUCCESS}


@pytest.mark.django_db(transaction=True)
def test_a_canary_stops_when_the_failure_returns(notes: None) -> None:
    _letters(15, job="fails", kwargs={})
    run = Run.objects.get(pk=jobs_json("dead", "replay", "--job", "fails", "--canary", "2")["id"])
    drain()
    assert result_of(run) == {"replayed": 2, "refused": 0, "failed": 2, "stopped": True}
    assert Run.objects.filter(job="fails", attempts=[]).count() == 13


@pytest.mark.django_db(transaction=True)
def test_letters_that_share_a_unique_key_are_replayed_one_of_them(notes: None) -> None:
    _letters(3, job="unique_by_arguments", kwargs={}, unique_key="k")
    run = Run.objects.get(pk=jobs_json("dead", "replay", "--fingerprint", OURS, "--canary", "3")["id"])
    drain()
    assert result_of(run) == {"replayed": 1, "refused": 2, "failed": 0, "stopped": False}
    assert _states() == [("", "SUCCESS", 1), (OURS, "FAILED", 2)]


@pytest.mark.django_db(transaction=True)
def test_a_canary_that_dies_in_the_middle_of_a_step_skips_none_of_its_letters() -> None:
    _letters(4)
    run = Run.objects.get(pk=jobs_json("dead", "replay", "--fingerprint", OURS, "--canary", "3")["id"])
    with connection.execute_wrapper(_dies_at_the_second_replay()):
        drain(job=replay_dead_letters)
    assert Run.objects.get(pk=run.pk).error_message == "the process is gone"
    assert Run.objects.filter(error_fingerprint=OURS, state="FAILED").count() == 4
    jobs("retry", str(run.pk))
    drain()
    assert result_of(run) == {"replayed": 4, "refused": 0, "failed": 0, "stopped": False}


def _dies_at_the_second_replay() -> Callable[..., Any]:
    replays = itertools.count(1)

    def strike(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "jobs_run"') and '"resolved_at" = ' in sql and next(replays) == 2:
            raise ConnectionError("the process is gone")
        return execute(sql, params, many, context)

    return strike


@pytest.fixture
def notes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
