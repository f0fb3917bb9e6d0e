"""Celery's canvas on tracked runs: chains, groups, chords, links, and what becomes of them when a part fails."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from celery import chain, chord, group
from celery.canvas import StampingVisitor  # type: ignore[attr-defined]
from celery.exceptions import ChordError, TaskRevokedError, WorkerLostError
from celery.result import AsyncResult

from jobs import ledger
from jobs.models import Run
from project.celery import app
from tests.acceptance.jobs.conftest import ENDED, Engine
from tests.plugins.polling import poll
from tests.tasks_for_tests import (
    add,
    errback,
    fails,
    fails_until,
    kills_itself,
    noted,
    retries_itself,
    starts_a_canvas,
    starts_a_chord,
    total,
)

pytestmark = [pytest.mark.broker, pytest.mark.req("PL-1")]


def test_a_chain_passes_each_result_on(engine: Engine) -> None:
    result = chain(add.s(1, 2), add.s(3), add.s(4))()
    assert result.get(timeout=30) == 10
    assert [engine.run(part).state for part in (result, result.parent, result.parent.parent)] == ["SUCCESS"] * 3
    assert [child.id for child in result.parent.children] == [result.id]


def test_a_chain_goes_on_after_an_attempt_that_failed(engine: Engine) -> None:
    assert chain(fails_until.s(2), add.s(10))().get(timeout=30) == 12


def test_a_chain_stops_where_a_part_fails(engine: Engine) -> None:
    word = uuid.uuid4().hex
    result = chain(fails.si(), noted.si(word))()
    assert engine.ended(result.parent).state == "FAILED"
    with pytest.raises(RuntimeError, match="boom 42"):
        result.parent.get(timeout=5)
    assert not [line for line in engine.notes() if line.get("label") == word]
    assert not Run.objects.filter(pk=result.id).exists()


def test_a_group_runs_every_part_once(engine: Engine) -> None:
    result: Any = group(add.s(n, n) for n in range(6)).apply_async()
    assert result.get(timeout=30) == [0, 2, 4, 6, 8, 10]
    assert Run.objects.filter(pk__in=[part.id for part in result.results], state="SUCCESS").count() == 6


def test_a_group_is_found_again_by_its_id(engine: Engine) -> None:
    result: Any = group(add.s(n, 1) for n in range(3)).apply_async()
    result.save()
    assert app.GroupResult.restore(result.id).get(timeout=30) == [1, 2, 3]


def test_a_chord_calls_its_body_once_with_all_results(engine: Engine) -> None:
    result = chord([add.s(n, n) for n in range(5)])(total.s())
    assert result.get(timeout=30) == 20
    assert Run.objects.filter(pk=result.id).count() == 1


def test_a_chord_waits_for_a_part_that_is_tried_again(engine: Engine) -> None:
    assert chord([add.s(1, 1), fails_until.s(3), retries_itself.s(1)])(total.s()).get(timeout=40) == 6


@pytest.mark.parametrize("part", [fails, kills_itself], ids=["error", "death"])
def test_a_chords_body_fails_when_a_part_does(engine: Engine, part: Any) -> None:
    result = chord([add.s(1, 1), part.s()])(total.s())
    # What comes first, the body's end or the part's that is its parent, is Celery's to say.
    with pytest.raises((ChordError, RuntimeError, WorkerLostError)):
        result.get(timeout=40)
    assert result.state == "FAILURE"


def test_a_chords_body_fails_when_a_part_is_cancelled_before_it_starts(engine: Engine) -> None:
    result = chord([add.s(1, 1), noted.s("later").set(countdown=60)])(total.s())
    part = Run.objects.filter(job="noted", state="SCHEDULED").latest("id")
    AsyncResult(str(part.pk)).revoke()
    poll(lambda: result.state == "FAILURE", within=15)


def test_a_chord_in_a_chain_hands_its_result_on(engine: Engine) -> None:
    assert chain(group(add.s(1, 1), add.s(2, 2)), total.s(), add.s(100)).apply_async().get(timeout=30) == 106


@pytest.mark.parametrize(("job", "wanted"), [(starts_a_chord, 6), (starts_a_canvas, 16)])
def test_a_canvas_may_be_started_within_a_job(engine: Engine, job: Any, wanted: float) -> None:
    inner = job.delay().get(timeout=30)
    assert app.AsyncResult(inner).get(timeout=30) == wanted


def test_a_link_is_called_once_after_success_only(engine: Engine) -> None:
    good, bad = uuid.uuid4().hex, uuid.uuid4().hex
    result: Any = add.apply_async((1, 1), link=noted.si(good))
    failed = fails.apply_async(link=noted.si(bad))
    assert result.get(timeout=20) == 2
    assert [child.get(timeout=20) for child in result.children] == [good]
    assert engine.ended(failed).state == "FAILED"
    labels = [line.get("label") for line in engine.notes(event="begin")]
    assert (labels.count(good), labels.count(bad)) == (1, 0)


@pytest.mark.parametrize("part", [fails, kills_itself], ids=["error", "death"])
def test_a_link_error_is_called_once_after_the_last_attempt(engine: Engine, part: Any) -> None:
    result = part.apply_async(link_error=errback.s())
    assert engine.ended(result, within=40).state == "FAILED"
    found = poll(
        lambda: [line for line in engine.notes(event="errback") if line["task_id"] == str(result.id)], within=20
    )
    assert len(found) == 1


def test_chunks_and_maps_cover_every_item(engine: Engine) -> None:
    chunked = add.chunks([(n, n) for n in range(10)], 4).apply_async()
    assert [sum(part) for part in chunked.get(timeout=30)] == [12, 44, 34]
    assert add.starmap([(1, 1), (2, 2)]).apply_async().get(timeout=30) == [2, 4]


def test_stamps_travel_with_the_message(engine: Engine) -> None:
    class Stamp(StampingVisitor):  # type: ignore[misc]
        def on_signature(self, sig: Any, **headers: Any) -> dict[str, Any]:
            return {"release": "7", "stamped_headers": ["release"]}

    signature = add.s(1, 1)
    signature.stamp(visitor=Stamp())
    assert signature.apply_async().get(timeout=20) == 2


def test_a_revoked_run_that_waits_is_cancelled_and_never_runs(engine: Engine) -> None:
    result = noted.apply_async(("never",), countdown=2)
    result.revoke()
    run = engine.ended(result)
    assert (run.state, engine.notes(result)) == ("CANCELLED", [])
    with pytest.raises(TaskRevokedError):
        result.get(timeout=5)


def test_a_revoked_queued_run_is_cancelled_at_once(engine: Engine, own_queue: str) -> None:
    result = noted.apply_async(("never",), queue=own_queue)
    result.revoke()
    assert poll(lambda: Run.objects.filter(pk=result.id, state="CANCELLED").exists(), within=5)
    engine.start_worker(queues=own_queue).stop()
    assert engine.notes(result) == []


def test_the_children_of_a_running_run_are_seen_by_inspect(engine: Engine) -> None:
    seen = app.control.inspect(timeout=5).registered()
    assert seen
    assert any("add" in names for names in seen.values())


def test_a_cancelled_run_stays_cancelled_when_its_message_comes(engine: Engine, own_queue: str) -> None:
    result = noted.apply_async(("never",), queue=own_queue)
    assert ledger.cancel(engine.run(result).pk, now=ledger.now(), reason="a person's wish")
    other = noted.apply_async(("after",), queue=own_queue)
    engine.start_worker(queues=own_queue)
    assert other.get(timeout=20) == "after"
    assert engine.run(result).state == "CANCELLED"
    assert engine.notes(result) == []
    assert set(ENDED) >= {engine.run(result).state}
