"""Events of packed runs: told together, and no reason to end a process when the broker has gone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from celery import Celery, states
from celery.app.trace import TraceInfo, trace_ok_t

from jobs import publish
from jobs.breaker import Breaker
from jobs.tidings import Tidings
from tests.plugins.broker import Valkey

ODD = 'a "quoted" \\ line\n, \u00e9 and \ud800'


@pytest.mark.embedded
@pytest.mark.req("PL-3")
@pytest.mark.parametrize("serializer", ["json", "yaml"])
def test_listeners_hear_of_each_run_what_celerys_own_events_say(serializer: str) -> None:
    request = {"id": "1", "task": "job", "argsrepr": "[]", "kwargsrepr": "{}", "retries": 2, "root_id": "0"}
    heard: list[dict[str, Any]] = []
    with TemporaryDirectory(prefix="tidings-", dir="/tmp") as folder, Valkey(Path(folder)) as server:
        app = Celery("told", broker=server.url, set_as_current=False)
        app.conf.update(worker_send_task_events=True, event_serializer=serializer, accept_content=[serializer])
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": heard.append})
            with receiver.consumer_context() as (listening, *_):
                with suppress(TimeoutError):
                    listening.drain_events(timeout=0.5)  # subscribes
                tidings = Tidings(app, "w@here")
                tidings.received({**request, "argsrepr": ODD, "parent_id": None})
                tidings.ended("1", trace_ok_t("x", None, 0.25, ODD))
                tidings.received({**request, "id": "2", "parent_id": "0"})
                tidings.ended("2", trace_ok_t("x", TraceInfo(states.FAILURE, ValueError("no")), 0.0, ""))
                tidings.flush()
                while len(heard) < 6:
                    listening.drain_events(timeout=10)
    kinds = ["task-received", "task-started", "task-succeeded", "task-received", "task-started", "task-failed"]
    assert [event["type"] for event in heard] == kinds
    assert [event["uuid"] for event in heard] == ["1"] * 3 + ["2"] * 3
    told = {"name": "job", "args": ODD, "kwargs": "{}", "retries": 2, "root_id": "0", "parent_id": None, "eta": None}
    assert heard[0].items() >= told.items() and heard[3]["parent_id"] == "0"
    assert (heard[2]["result"], heard[2]["runtime"], heard[5]["exception"]) == (ODD, 0.25, "ValueError('no')")
    assert {(event["hostname"], event["utcoffset"]) for event in heard} == {("w@here", 0)}


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
