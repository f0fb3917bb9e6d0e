"""Events tell who may see a run of its changes, as they happen, and hold no more threads than allowed."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from jobs.api import waiting
from jobs.models import Run
from jobs.states import State
from tests.integration.jobs.api.conftest import Caller
from tests.rows import saved_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SK-12")]


def told(response: Any) -> list[dict[str, Any]]:
    lines = b"".join(response.streaming_content).decode().splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def test_a_runs_changes_are_told_until_it_ends(owner: Caller) -> None:
    run = saved_run(owner=owner.user, state=State.RUNNING)
    response = owner("GET", f"runs/{run.pk}/events")
    events: list[dict[str, Any]] = []
    stream = iter(response.streaming_content)
    assert b"retry" in next(stream)
    events.append(json.loads(next(stream).decode().partition("data: ")[2]))
    Run.objects.filter(pk=run.pk).update(state=State.SUCCESS, finished_at=timezone.now())
    events += told(type("Rest", (), {"streaming_content": stream}))
    assert [event["state"] for event in events] == ["RUNNING", "SUCCESS"]


def test_users_hear_of_their_runs_alone(owner: Caller, stranger: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.api.events.STREAM_SECONDS", 2.5)
    first, second = owner("GET", "events"), stranger("GET", "events")
    run = saved_run(owner=owner.user, created_at=timezone.now())
    heard: dict[str, Any] = {}

    def listen(name: str, response: Any) -> None:
        heard[name] = told(response)
        connections.close_all()

    threads = [threading.Thread(target=listen, args=each) for each in (("owner", first), ("stranger", second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert ([event["id"] for event in heard["owner"]], heard["stranger"]) == ([str(run.pk)], [])


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_stream_gives_its_place_back(owner: Caller, settings: Any, has_begun: bool) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "api_waiters": 1}
    waiting.places.cache_clear()
    run = saved_run(owner=owner.user, state=State.RUNNING)
    response = owner("GET", f"runs/{run.pk}/events")
    chunks = iter(response.streaming_content)
    if has_begun:
        next(chunks)
    refused = owner("GET", "events")
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    response.close()
    Run.objects.filter(pk=run.pk).update(state=State.SUCCESS, finished_at=timezone.now())
    assert len(told(owner("GET", f"runs/{run.pk}/events"))) == 1
    waiting.places.cache_clear()
