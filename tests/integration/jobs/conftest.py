"""Runs, nodes and threads for tests of the engine on a real database, with no broker and no worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from django.db import connection

from jobs import ledger, presence, testing
from jobs.models import Run, Worker
from jobs.states import State
from tests import tasks_for_tests  # noqa: F401 - registers the jobs

T = TypeVar("T")
MakeRun = Callable[..., Run]


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the jobs under test note what they do."""
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


@pytest.fixture
def short_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a drain that goes round in circles fail soon, not after minutes."""
    monkeypatch.setattr(testing, "MOST_STEPS", 20)


@pytest.fixture
def node(db: None) -> Worker:
    """A worker that reports in elsewhere."""
    return new_node()


@pytest.fixture
def this_node(node: Worker, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Make this process that worker."""
    monkeypatch.setattr(presence, "_worker_id", node.pk)
    return node


def new_node(**columns: Any) -> Worker:
    """Return a stored worker."""
    values = {"name": "w@here", "hostname": "here", "pid": 1, "started_at": ledger.now(), "heartbeat_at": ledger.now()}
    return Worker.objects.create(**{**values, **columns})


@pytest.fixture
def make_run(db: None) -> MakeRun:
    """Store a run as it would stand in a given state."""
    return stored_run


def stored_run(state: State = State.QUEUED, **columns: Any) -> Run:
    """Return a stored run in `state`; a running one is in its first attempt."""
    now = ledger.now()
    values: dict[str, Any] = {
        "job": "noted",
        "state": state,
        "created_at": now,
        "run_at": now,
        "published_at": now if state is State.QUEUED else None,
        "correlation_id": "job-of-a-test",
        "finished_at": now if state.is_final else None,
    }
    if state is State.RUNNING:
        values |= {"attempt": 1, "token": 1, "started_at": now, "worker": new_node()}
    return Run.objects.create(**{**values, **columns})


def row_of(run_id: UUID) -> dict[str, Any]:
    """Return every column of a run."""
    return dict(Run.objects.filter(pk=run_id).values().get())


def all_at_once(actions: list[Callable[[], T]]) -> list[T]:
    """Start every action in a thread and connection of its own at the same moment; return what each returned."""
    barrier = threading.Barrier(len(actions))
    answers: dict[int, T] = {}
    errors: list[Exception] = []

    def act(number: int, action: Callable[[], T]) -> None:
        try:
            barrier.wait(10)
            answers[number] = action()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors, errors
    return [answers[number] for number in range(len(actions))]
