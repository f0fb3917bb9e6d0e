"""Events of packed runs: told together, and no reason to end a process when the broker has gone."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from celery import Celery

from jobs import publish
from jobs.breaker import Breaker
from jobs.tidings import Tidings
from tests.plugins.broker import Valkey


@pytest.mark.embedded
@pytest.mark.req("PL-5")
def test_a_broker_that_is_killed_between_two_flushes_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "_breaker", Breaker())
    request = dict.fromkeys(("id", "task", "argsrepr", "kwargsrepr", "retries", "root_id", "parent_id"), "x")
    with TemporaryDirectory(prefix="tidings-", dir="/tmp") as folder, Valkey(Path(folder)) as server:
        app = Celery("told", broker=server.url, set_as_current=False)
        app.conf.worker_send_task_events = True
        tidings = Tidings(app, "w@here")
        tidings.received(request)
        tidings.flush()
        assert not publish.is_broker_away()
        server.stop(kill=True)
        tidings.received(request)
        tidings.flush()
    assert publish.is_broker_away()
