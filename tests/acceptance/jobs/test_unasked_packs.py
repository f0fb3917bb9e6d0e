"""With PACK_ORDINARY_JOBS ordinary jobs share bells and packs, and all that an engineer knows of them still holds."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from celery import chain, chord, group
from pytest_django import Settings

from jobs.models import Run
from project.celery import app
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll
from tests.tasks_for_tests import add, fails, fails_until, noted, one_at_a_time, sleeps, total

pytestmark = [pytest.mark.broker, pytest.mark.req("SW-22")]


@pytest.fixture(autouse=True)
def packed_unasked(settings: Settings) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "packs_ordinary_jobs": True}


def test_ordinary_runs_are_packed_and_end_as_ever(engine: Engine) -> None:
    results = [add.delay(number, 1) for number in range(60)]
    assert [result.get(timeout=60) for result in results] == [number + 1 for number in range(60)]
    runs = Run.objects.filter(pk__in=[result.id for result in results])
    assert {(run.state, run.attempt, run.token, run.is_packed) for run in runs} == {("SUCCESS", 1, 1, True)}


def test_a_packed_run_that_was_not_asked_to_be_one_retries_and_fails_as_ever(engine: Engine) -> None:
    again, failed = fails_until.delay(2), fails.delay("boom")
    assert again.get(timeout=60) == 2
    run = engine.ended(failed, within=60)
    assert (run.state, run.error_kind, run.is_packed) == ("FAILED", "RuntimeError", True)


def test_links_chains_groups_and_chords_hold(engine: Engine) -> None:
    linked = uuid.uuid4().hex
    add.apply_async((1, 1), link=noted.si(linked))
    told = lambda: [note for note in engine.notes(event="end") if note.get("label") == linked]  # noqa: E731
    assert chain(add.s(1, 1), add.s(2), add.s(3))().get(timeout=60) == 7
    assert group(add.s(number, 1) for number in range(5))().get(timeout=60) == [1, 2, 3, 4, 5]
    assert chord([add.s(number, 1) for number in range(5)], total.s())().get(timeout=60) == 15
    assert len(poll(told, within=60)) == 1


@pytest.mark.parametrize(
    "options", [{"headers": {"a": "b"}}, {"priority": 3}, {"countdown": 0.1}, {"expires": 60}], ids=str
)
def test_every_option_is_kept(engine: Engine, options: dict[str, Any]) -> None:
    result = add.apply_async((1, 2), **options)
    assert result.get(timeout=60) == 3
    assert engine.run(result).is_packed == ("headers" not in options)


def test_a_guarded_run_has_a_message_of_its_own(engine: Engine) -> None:
    key = uuid.uuid4().hex
    results = [one_at_a_time.delay(key, 0.05) for _ in range(4)]
    for result in results:
        assert not engine.ended(result, within=60).is_packed


def test_inspect_tells_the_run_and_not_its_bell(engine: Engine) -> None:
    result = sleeps.delay(8)
    poll(lambda: engine.notes(result), within=30)
    told = [task for tasks in (app.control.inspect(timeout=3).active() or {}).values() for task in tasks]
    assert [(task["id"], task["name"], task["args"]) for task in told] == [(result.id, "sleeps", [8])]
    assert result.get(timeout=60) == 8
