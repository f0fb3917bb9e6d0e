"""What a process does for each run of a pack that it performs: signals of Celery's, and when good ends are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]

from jobs import brief_tracer, minding, pack, pack_claims
from jobs.bell_message import Key
from jobs.models import Run, Worker
from jobs.states import State
from jobs.tidings import Tidings
from project.celery import app
from tests.integration.jobs.conftest import stored_run
from tests.packed_jobs import ended_at_start, looks_who_has_ended

# Ends may be written by another thread.
pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.django_db(transaction=True)]


def _performed(*calls: dict[str, Any], is_quick: bool = False) -> list[int]:
    """Perform the calls as one pack; return what each saw."""
    ended_at_start.clear()
    for number, kwargs in enumerate(calls):
        columns = {"job": looks_who_has_ended.name, "is_packed": True, "published_at": None, "priority": 9 - number}
        stored_run(State.QUEUED, **columns, kwargs={"label": str(number), **kwargs})
    runs, _ = pack_claims.claim(Key("base", looks_who_has_ended.name), 10)
    pack.Pack(looks_who_has_ended, runs, Tidings(app, "w@here"), is_quick=is_quick).perform()
    assert set(Run.objects.filter(pk__in=[run.pk for run in runs]).values_list("state", flat=True)) == {"SUCCESS"}
    return list(ended_at_start)


@pytest.fixture
def cared(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Tasks after which Celery's care for Django's connections was called, which listens alone, as in a worker."""
    told: list[str] = []

    class Care(DjangoWorkerFixup):  # type: ignore[misc]
        def on_task_postrun(self, sender: Any, **_: Any) -> None:
            told.append(sender.name)

    care = Care(app)
    for signal in (signals.task_prerun, signals.task_postrun):
        monkeypatch.setattr(signal, "receivers", [])
    signals.task_postrun.connect(care.on_task_postrun)
    brief_tracer.tracer_of.cache_clear()
    yield told
    brief_tracer.tracer_of.cache_clear()


def test_celerys_care_for_connections_is_not_called_for_each_run_unless_somebody_else_listens(
    this_node: Worker, cared: list[str]
) -> None:
    heard: list[str] = []

    def listen(sender: Any, **_: Any) -> None:
        heard.append(sender.name)

    _performed({}, {}, {})
    assert cared == []
    signals.task_postrun.connect(listen)
    _performed({}, {})
    signals.task_postrun.disconnect(listen)
    _performed({}, {})
    assert heard == cared == [looks_who_has_ended.name] * 2


def test_a_run_that_is_alone_gets_all_of_celerys_tracer(this_node: Worker, cared: list[str]) -> None:
    _performed({})
    assert cared == [looks_who_has_ended.name]


def test_good_ends_of_an_ordinary_job_are_written_before_a_body_begins_once_the_oldest_has_lain(
    this_node: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the other thread's help, whose writing a body may overtake.
    monkeypatch.setattr(minding.Minder, "minding", lambda *_: nullcontext())
    assert _performed({}, {"seconds": pack.PROMPT_SECONDS * 2}, {})[-1] == 2


def test_an_end_among_quick_runs_is_written_while_a_long_body_follows(this_node: Worker) -> None:
    assert _performed({}, {"patient": True}, is_quick=True) == [0, 1]
