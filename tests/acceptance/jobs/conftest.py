"""A running engine that tests share: its own database and broker, one worker, one beat; and what they left behind."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.result import AsyncResult
from django.db import connection
from kombu import pools
from pytest_django.plugin import DjangoDbBlocker

from jobs import publish
from jobs.breaker import Breaker
from jobs.models import Run
from project.celery import app
from tests import tasks_for_tests  # noqa: F401 - registers the jobs in this process too
from tests.plugins.broker import Valkey
from tests.plugins.database import connected_to, create_database, drop_database
from tests.plugins.environment import SCRATCH
from tests.plugins.polling import poll
from tests.plugins.processes import Process

QUEUES = "base,email,ai,notifications"
OWN_QUEUE = "maintenance"
LEASE_SECONDS = 2
ENDED = ["SUCCESS", "FAILED", "CANCELLED", "SKIPPED", "MISSED"]


@dataclass
class Engine:
    """A database and a broker of its own, and the processes that serve them."""

    folder: Path
    database: str
    broker_url: str
    processes: list[Process] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        url = f"sqlite:///{self.database}"
        if connection.vendor != "sqlite":
            url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{self.database}"
        ours = {"DATABASE_URL": url, "BROKER_URL": self.broker_url, "NOTES": str(self.folder / "notes")}
        return {**os.environ, **ours, "LEASE_SECONDS": str(LEASE_SECONDS), "RUN_LOG_LINES": "100"}

    def start(self, *arguments: str, there: Sequence[str] = (), **variables: str) -> Process:
        """Start a worker, a beat or another command of Celery's on the app under test, or on another `app`.

        `there` are the words that lead to another host; `program` is what starts it, where that isn't usual.
        """
        output = self.folder / f"{arguments[0]}-{len(self.processes)}.log"
        module = variables.pop("app", "tests.app")
        program = variables.pop("program", "project" if arguments[0] in {"worker", "beat"} else "celery")
        command = [*there, sys.executable, "-m", program, "-A", module, *arguments]
        process = Process(command, environment={**self.environment, **variables}, output=output)
        self.processes.append(process)
        return process

    def start_worker(
        self, *words: str, queues: str, name: str = "", concurrency: int = 1, wait: bool = True, **options: Any
    ) -> Process:
        """Start a worker of these queues, with further `words`; unless told otherwise, return once it consumes."""
        name = name or f"w{len(self.processes)}"
        quiet = ("--without-mingle", "--without-gossip", "--loglevel=INFO")
        given = ("-Q", queues, "-c", str(concurrency), "-n", f"{name}@%h")
        process = self.start("worker", *given, *quiet, *words, **options)
        if wait:
            process.said(r" ready\.")
        return process

    def start_beat(self, *, wait: bool = True, **options: Any) -> Process:
        """Start a beat."""
        process = self.start("beat", "--loglevel=INFO", **options)
        if wait:
            process.said(r"beat: Starting")
        return process

    def notes(self, *results: AsyncResult[Any], event: str | None = None) -> list[dict[str, Any]]:
        """Return what the bodies of these runs noted, of all runs when none is given."""
        path, ids = self.folder / "notes", {str(result.id) for result in results}
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        kept = [line for line in lines if (not ids or line["run"] in ids)]
        return [line for line in kept if event is None or line["event"] == event]

    def run(self, result: AsyncResult[Any]) -> Run:
        """Return the row of a result."""
        return Run.objects.get(pk=result.id)

    def ended(self, result: AsyncResult[Any], *, within: float = 20.0) -> Run:
        """Wait until the run has ended, and return it."""
        rows = Run.objects.filter(pk=result.id)
        try:
            found = poll(lambda: rows.filter(state__in=ENDED).first(), within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}: {rows.values().first()}") from None
        assert found
        return found

    def log(self) -> str:
        """Return what all its processes have written."""
        return "\n".join(process.text() for process in self.processes)

    def close(self) -> None:
        """End every process."""
        for process in reversed(self.processes):
            process.kill()
        self.processes.clear()


def speak_to(broker_url: str) -> None:
    """Make this process's Celery app use another broker from now on."""
    pools.reset()
    forget_connections: Any = app._after_fork  # type: ignore[attr-defined]
    forget_connections()
    app.conf.update(broker_url=broker_url)
    # Its exchange is of the kind that the broker before can do.
    vars(app.amqp).pop("_event_dispatcher", None)
    publish._breaker = Breaker()


@pytest.fixture(scope="session")
def engine_servers(migrated_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Engine]:
    """A database and broker that no other test empties, with a worker and a beat at work."""
    folder = SCRATCH / "engine"
    folder.mkdir()
    with django_db_blocker.unblock():
        name = create_database("engine", template=migrated_database)
    given = os.environ["BROKER_URL"]
    with Valkey(folder / "broker") as server:
        engine = Engine(folder, name, given or server.url)
        try:
            engine.start_worker(queues=QUEUES, name="shared", concurrency=2, wait=False)
            engine.start_beat(wait=False)
            engine.processes[0].said(r" ready\.", within=60)
            yield engine
        finally:
            engine.close()
            with django_db_blocker.unblock():
                drop_database(name)


@pytest.fixture
def engine(
    engine_servers: Engine, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """The running engine, with this process speaking to its database and broker; what a test starts ends with it."""
    shared = len(engine_servers.processes)
    for entered in _entered(engine_servers, django_db_blocker, monkeypatch):
        yield entered
        for process in engine_servers.processes[shared:]:
            process.kill()
        del engine_servers.processes[shared:]
        # What a killed worker was at would be rescued, and hold up the workers of the next test.
        Run.objects.unfinished().filter(queue=OWN_QUEUE).delete()


@pytest.fixture
def own_engine(
    migrated_database: str, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engine, Valkey]]:
    """An engine of the test's own with nothing started, and its Valkey, not yet started either."""
    with django_db_blocker.unblock():
        name = create_database(f"own_{uuid.uuid4().hex[:6]}", template=migrated_database)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        server = Valkey(Path(folder) / "b")
        engine = Engine(Path(folder), name, server.url)
        try:
            for entered in _entered(engine, django_db_blocker, monkeypatch):
                yield entered, server
        finally:
            engine.close()
            server.stop(kill=True)
            with django_db_blocker.unblock():
                drop_database(name)


def _entered(engine: Engine, blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    broker_url = app.conf.broker_url
    monkeypatch.setenv("NOTES", str(engine.folder / "notes"))
    with blocker.unblock(), connected_to(engine.database):
        speak_to(engine.broker_url)
        try:
            yield engine
        finally:
            speak_to(broker_url)


@pytest.fixture
def own_queue() -> str:
    """Name the queue that the shared worker doesn't serve: a test starts its own workers for it."""
    return OWN_QUEUE


@pytest.fixture
def a_message_each(settings: Any) -> None:
    """Give every run that this process enqueues a message of its own, as `PACK_ORDINARY_JOBS=0` does."""
    settings.DAYBOOK = {**settings.DAYBOOK, "packs_ordinary_jobs": False}


@pytest.fixture
def stranger(engine: Engine) -> Iterator[Celery]:
    """A plain Celery client of the same broker that knows nothing of the engine."""
    client = Celery("stranger", broker=engine.broker_url, set_as_current=False)
    client.conf.update(task_default_queue="base", task_create_missing_queues=True)
    if engine.broker_url.startswith("amqp"):
        client.conf.update(task_default_queue_type="quorum", task_create_missing_queue_type="quorum")
    yield client
    client.close()


def overlapping(notes: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Return pairs of bodies, by token, of which the later began before the earlier had ended.

    A body that was killed has no end; the last note before the next begin stands for it, as nothing else can.
    """
    begins = sorted((line for line in notes if line["event"] == "begin"), key=lambda line: line["at"])
    ends = {(line["run"], line["token"]): line["at"] for line in notes if line["event"] == "end"}
    pairs = pairwise(begins)
    return [(a["token"], b["token"]) for a, b in pairs if ends.get((a["run"], a["token"]), 0) > b["at"]]


def is_alive(pid: int) -> bool:
    """Whether a process with that pid exists and is no zombie."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def children_of(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in tasks.read_text().split()] if tasks.exists() else []
