"""An upgrade while jobs are enqueued and performed: the older release, then both, then the newer.

The database is migrated by the newer release under the hands of the older one's worker, beat and enqueuer.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.models import Run
from tests.acceptance.jobs.conftest import ENDED, QUEUES, Engine, speak_to
from tests.plugins.broker import Valkey
from tests.plugins.database import connected_to, create_database, drop_database
from tests.plugins.environment import SCRATCH
from tests.plugins.polling import poll
from tests.plugins.processes import Process
from tests.previous_release import ENQUEUE_UNTIL_TOLD, unpack
from tests.tasks_for_tests import noted

pytestmark = [pytest.mark.req("PL-5", "PL-6"), pytest.mark.timeout(480)]

WORKER = ("celery", "-A", "tests.app", "worker", "-Q", QUEUES, "-c", "2", "--without-mingle", "--loglevel=INFO")
BEAT = ("celery", "-A", "tests.app", "beat", "--loglevel=INFO")


class Older:
    """The older release, installed beside an engine whose database only it knows."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.acknowledged = folder / "acknowledged"
        self.told_to_stop = folder / "stop"
        unpack(folder)

    def start(self, name: str, *arguments: str) -> Process:
        """Start `python -m` or, by its text, a program of the release."""
        process = Process(
            [sys.executable, *arguments],
            environment=self.engine.environment,
            output=self.engine.folder / f"older-{name}.log",
            folder=self.folder,
        )
        self.engine.processes.append(process)
        return process

    def ids(self) -> list[str]:
        """Return the runs that it was told are enqueued."""
        return self.acknowledged.read_text().splitlines() if self.acknowledged.exists() else []

    def has_enqueued(self, *, more: int) -> None:
        """Wait until it has enqueued so many more."""
        enough = len(self.ids()) + more
        poll(lambda: len(self.ids()) >= enough, within=60)


@pytest.fixture
def older(tmp_path: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[Older]:
    with django_db_blocker.unblock():
        name = create_database(f"upgraded_{SCRATCH.name}")
        with Valkey(tmp_path / "broker") as server:
            engine = Engine(tmp_path, name, server.url)
            try:
                release = Older(engine, tmp_path / "older")
                migrate = release.start("migrate", "manage.py", "migrate", "--no-input")
                assert migrate.ended(within=120) == 0, migrate.text()
                yield release
            finally:
                engine.close()
                drop_database(name)


def test_jobs_go_on_through_an_upgrade(older: Older, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> None:
    engine = older.engine
    worker = older.start("worker", "-m", *WORKER, "-n", "older@%h")
    beat = older.start("beat", "-m", *BEAT)
    enqueuer = older.start("enqueuer", "-c", ENQUEUE_UNTIL_TOLD, str(older.acknowledged), str(older.told_to_stop))
    worker.said(r" ready\.", within=90)
    older.has_enqueued(more=20)
    migrate = newer(engine, "migrate", "manage.py", "migrate", "--no-input")
    assert migrate.ended(within=120) == 0, migrate.text()
    older.has_enqueued(more=20)

    with connected_to(engine.database):
        home = noted.app.conf.broker_url
        speak_to(engine.broker_url)
        try:
            by_newer = [noted.delay("by the newer release").id for _ in range(20)]
            assert performers(by_newer) == {"older"}

            newer_worker = newer(engine, "worker", "-m", *WORKER, "-n", "newer@%h")
            newer(engine, "beat", "-m", *BEAT)
            newer_worker.said(r" ready\.", within=90)
            assert (worker.stop(), beat.stop()) == (0, 0)
            before = len(older.ids())
            older.has_enqueued(more=20)
            older.told_to_stop.touch()
            assert enqueuer.ended(within=30) == 0, enqueuer.text()
            by_newer += [noted.delay("by the newer release").id for _ in range(20)]
            everything = [*older.ids(), *by_newer]
            assert performers(older.ids()[before:]) == {"newer"}
            assert performers(everything) == {"older", "newer"}
            judge(engine, everything)
        finally:
            speak_to(home)
    record_property("figure", f"upgrade under load: {len(everything)} acknowledged, lost 0, doubled 0")


def newer(engine: Engine, name: str, *arguments: str) -> Process:
    """Start a program of this release."""
    output = engine.folder / f"newer-{name}.log"
    process = Process([sys.executable, *arguments], environment=engine.environment, output=output)
    engine.processes.append(process)
    return process


def performers(ids: list[str]) -> set[str]:
    """Wait for the ends of the runs, and return whose workers performed them."""
    rows = Run.objects.filter(pk__in=ids)
    poll(lambda: rows.filter(state__in=ENDED).count() == len(ids), within=120)
    return {str(name).partition("@")[0] for name in rows.values_list("worker__name", flat=True)}


def judge(engine: Engine, ids: list[str]) -> None:
    """Look that every acknowledged run has succeeded, and that its body ran once."""
    states = Counter(str(state) for state in Run.objects.filter(pk__in=ids).values_list("state", flat=True))
    assert states == {"SUCCESS": len(ids)}
    bodies = Counter((line["run"], line["event"]) for line in engine.notes() if line["run"] in set(ids))
    assert bodies == {(run, event): 1 for run in ids for event in ("begin", "end")}
