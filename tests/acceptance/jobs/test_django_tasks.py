"""Functions of Django's tasks API on a real worker that has never heard of their module."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.models import Run
from tests.acceptance.jobs.conftest import Engine
from tests.newsletters import sending
from tests.plugins.polling import poll

pytestmark = [pytest.mark.broker, pytest.mark.req("PL-1", "PL-5")]


def finished(result: Any, *, within: float = 30) -> Any:
    def refreshed() -> bool:
        result.refresh()
        return bool(result.is_finished)

    poll(refreshed, within=within)
    return result


@pytest.mark.parametrize("packed", [False, True], ids=["with a message", "in a pack"])
def test_any_worker_performs_a_function_by_its_path(
    engine: Engine, own_queue: str, packed: bool, settings: Any
) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "packs_ordinary_jobs": packed}
    engine.start_worker(queues=own_queue, app="tests.newsletters_app", concurrency=2)
    sent = [sending.send.using(queue_name=own_queue).enqueue(number, to="ann") for number in range(3)]
    assert {Run.objects.get(pk=each.id).is_packed for each in sent} == {packed}
    for number, result in enumerate(sent):
        assert finished(result).return_value == {"letter": number, "to": ["ann"]}
        assert (result.attempts, result.errors) == (1, [])
    begun = [line["run"] for line in engine.notes(event="begin")]
    assert [begun.count(each.id) for each in sent] == [1, 1, 1]
    failed = finished(sending.bounces.using(queue_name=own_queue).enqueue())
    assert [error.exception_class for error in failed.errors] == [LookupError]


def test_a_function_survives_the_death_of_its_worker(engine: Engine, own_queue: str) -> None:
    worker = engine.start_worker(queues=own_queue, app="tests.newsletters_app")
    result = sending.outlives_its_worker.using(queue_name=own_queue).enqueue()
    poll(lambda: any(line["run"] == result.id for line in engine.notes(event="begin")), within=20)
    worker.kill()
    engine.start_worker(queues=own_queue, app="tests.newsletters_app")
    assert finished(result).return_value == 2
    assert [error.exception_class.__name__ for error in result.errors] == ["WorkerLostError"]
    assert len(result.worker_ids) == 2
