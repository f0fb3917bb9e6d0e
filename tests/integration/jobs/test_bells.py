"""Enqueueing packed runs, one by one and in bulk: a statement for the rows, and a bell that rings once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from jobs import bell, ledger
from jobs.bell_message import Key
from jobs.models import Bell, Run
from tests.packed_jobs import packed
from tests.plugins.polling import poll
from tests.tasks_for_tests import unique_by_arguments

pytestmark = pytest.mark.django_db
KEY = Key("base", "packed")


def test_enqueueing_a_packed_job_is_one_statement_and_rings_once(
    broker: str,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_assert_num_queries(1):
        first = packed.delay("a")
    with django_capture_on_commit_callbacks(execute=True):
        packed.delay("b")
    assert Bell.objects.get(queue="base", job="packed").rung_at is not None
    assert bell.ring(KEY) is False
    ledger.clear_bell(*KEY)
    assert Bell.objects.get().rung_at is None
    assert bell.ring(KEY) is True
    assert {(run.is_packed, run.published_at) for run in Run.objects.all()} == {(True, None)}
    assert Run.objects.filter(pk=first.id).exists()


def test_a_bell_that_nobody_heard_for_long_is_rung_again(broker: str) -> None:
    assert bell.ring(KEY) is True
    Bell.objects.update(rung_at=ledger.now() - Bell.LOST_AFTER - timedelta(seconds=1))
    assert bell.ring(KEY) is True


def test_a_process_looks_ever_less_often_at_a_bell_that_nobody_hears(broker: str) -> None:
    ringer = bell._Ringer()
    pauses = []
    for _ in range(5):
        ringer._ring(KEY)
        pauses.append(ringer._pauses[KEY])
    assert pauses == [0.01, 0.02, 0.04, 0.08, 0.08]
    ledger.clear_bell(*KEY)
    ringer._ring(KEY)
    assert ringer._pauses[KEY] == bell.PAUSE_SECONDS


@pytest.mark.django_db(transaction=True)
def test_a_wish_that_must_wait_is_not_held_up_by_another_that_waits_longer(broker: str) -> None:
    ringer, other = bell._Ringer(), Key("base", "other")
    for key in (KEY, other):
        ringer.want(key)
    ringer._pauses[KEY] = 60.0
    ledger.clear_bell(*other)
    ringer.want(KEY)
    ringer.want(other)
    assert poll(lambda: Bell.objects.get(job="other").rung_at is not None, within=5)
    assert ringer._wanted == {KEY}
    with ringer._changed:
        ringer._pauses[KEY] = 0.0
        ringer._changed.notify()
    assert poll(lambda: not ringer._wanted and ringer._thread is None, within=5)


def test_many_enqueued_at_once_keep_their_order_and_ring_once(
    broker: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        ids = packed.enqueue_many({"label": str(n)} for n in range(120))
    rows = Run.objects.filter(pk__in=ids).order_by("pk")
    assert [run.kwargs["label"] for run in rows] == [str(n) for n in range(120)]
    assert [run.pk for run in rows] == ids
    assert len(callbacks) == Bell.objects.count() == 1


def test_a_unique_job_is_not_enqueued_in_bulk() -> None:
    with pytest.raises(TypeError, match="bulk"):
        unique_by_arguments.enqueue_many([{"value": 1}])
    assert not Run.objects.exists()
