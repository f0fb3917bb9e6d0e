"""What runs log is kept: the newest lines, within bounds, masked, in one insert for many runs, never by the job."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from jobs import queries
from jobs.models import LogChunk, Run
from jobs.prune import prune
from jobs.run_log import RunLog
from jobs.states import State
from jobs.veil import hiding
from tests.commands import jobs, jobs_json
from tests.integration.jobs.api.conftest import Caller, caller, owner
from tests.rows import NOON, saved_run

assert caller, owner
pytestmark = [pytest.mark.django_db, pytest.mark.req("PW-4")]


@pytest.fixture
def kept(settings: Any) -> Iterator[RunLog]:
    """Keep what is logged, written only when the test says so."""
    settings.DAYBOOK = {**settings.DAYBOOK, "run_log_lines": 100, "run_log_bytes": 20_000}
    handler = RunLog(threaded=False)
    logger = logging.getLogger("a job")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    yield handler
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)


@contextmanager
def active(run: Run, attempt: int = 1) -> Iterator[Any]:
    """Log as that run does."""
    with structlog.contextvars.bound_contextvars(run_id=str(run.pk), attempt=attempt):
        yield structlog.get_logger("a job")


def texts(run: Run) -> list[str]:
    return [line.text for line in queries.log_of(run)]


def test_logging_asks_nothing_of_the_database_and_many_runs_are_one_insert(
    kept: RunLog, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    runs = [saved_run() for _ in range(30)]
    with django_assert_num_queries(0):
        for run in runs:
            with active(run) as log:
                log.info("first", number=1)
                logging.getLogger("a job").warning("then %s", "this")
    with django_assert_num_queries(1):
        kept.flush_runs()
    assert [texts(run) for run in runs] == [["first", "then this"]] * 30
    line = queries.log_of(runs[0])[0]
    assert (line.level, line.attempt, line.fields) == ("info", 1, {"number": 1})
    with django_assert_num_queries(0):
        kept.flush_runs()


def test_what_no_run_logs_and_what_the_engine_says_of_a_run_is_not_kept(kept: RunLog) -> None:
    structlog.get_logger("a job").info("outside")
    with active(saved_run()):
        kept.emit(logging.makeLogRecord({"name": "jobs.attempt", "msg": "run started"}))
    kept.flush_runs()
    assert not LogChunk.objects.exists()


def test_only_the_newest_lines_stay_however_many_flushes_and_attempts_wrote_them(kept: RunLog) -> None:
    run = saved_run()
    for attempt in (1, 2):
        with active(run, attempt) as log:
            for number in range(450):
                log.info("%s-%s", attempt, number)
                if number % 30 == 0:
                    kept.flush_runs()
        kept.flush_runs()
    assert texts(run) == [f"2-{number}" for number in range(350, 450)]
    assert sum(LogChunk.objects.values_list("lines", flat=True)) <= 300


def test_long_lines_are_cut_and_a_talkative_run_keeps_so_many_characters(kept: RunLog) -> None:
    run = saved_run()
    with active(run) as log:
        log.info("x" * 100_000, more="y" * 100_000)
        for _ in range(50):
            log.info("z" * 3_000)
    kept.flush_runs()
    assert texts(run) == ["z" * 3_000] * 6
    assert LogChunk.objects.get().size <= 20_000


def test_secrets_are_masked_in_texts_fields_and_tracebacks(kept: RunLog) -> None:
    run = saved_run()
    with active(run) as log, hiding(["s3cret-code", 987654]):
        log.info("code s3cret-code of imaps://anna:pass@host", password="p", number=987654, deep=["s3cret-code"])
        log.error("failed", exc_info=ValueError("s3cret-code"))
    kept.flush_runs()
    first, second = queries.log_of(run)
    assert first.text == "code *** of imaps://anna:***@host"
    assert first.fields == {"password": "***", "number": "***", "deep": ["***"]}
    assert second.trace.endswith("ValueError: ***\n")


def test_a_database_that_is_away_keeps_the_lines_waiting(kept: RunLog, monkeypatch: pytest.MonkeyPatch) -> None:
    run = saved_run()

    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError("away")

    with active(run) as log:
        log.info("one")
        with monkeypatch.context() as away:
            away.setattr(type(LogChunk.objects), "bulk_create", fail)
            kept.flush_runs()
        log.info("two")
    kept.flush_runs()
    assert texts(run) == ["one", "two"]


def test_the_setting_switches_it_off(kept: RunLog, settings: Any) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "run_log_lines": 0}
    with active(saved_run()) as log:
        log.error("not kept")
    kept.flush_runs()
    assert not LogChunk.objects.exists()


def test_lines_go_when_their_run_goes(kept: RunLog) -> None:
    run, young = saved_run(state=State.SUCCESS, finished_at=NOON), saved_run()
    for each in (run, young):
        with active(each) as log:
            log.info("here")
    kept.flush_runs()
    assert prune(now=NOON + timedelta(days=8)) == 1
    assert list(LogChunk.objects.values_list("run_id", flat=True)) == [young.pk]


def test_every_face_shows_the_same_lines(kept: RunLog, owner: Caller, client: Client) -> None:
    run = saved_run(owner=owner.user)
    with active(run, 2) as log:
        log.error("no <answer>", host="example.org")
    kept.flush_runs()
    told = owner.get(f"runs/{run.pk}/log")["items"]
    assert [(line["text"], line["level"], line["attempt"]) for line in told] == [("no <answer>", "error", 2)]
    assert jobs_json("log", str(run.pk)) == told
    assert "error    no <answer> host=example.org" in jobs("log", str(run.pk))
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(f"/admin/jobs/run/{run.pk}/change/").content.decode()
    assert "no &lt;answer&gt;" in page and "host=example.org" in page


def test_the_log_of_a_run_that_is_not_there_is_told_so(owner: Caller) -> None:
    assert owner("GET", f"runs/{uuid.uuid4()}/log").status_code == 404
