"""The API against generated requests, valid and not: no 5xx, nothing beside its description, nothing of others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from jobs import tokens
from jobs.api import waiting
from jobs.models import Run
from jobs.models.token import Scope
from jobs.states import State
from tests import tasks_for_tests
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PW-6", "AA-5"), pytest.mark.timeout(960)]
assert tasks_for_tests

MARK = "job-of-another-user"
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "2")


def fuzz(server: str, secret: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server}/api/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {secret}", "--max-examples", EXAMPLES, "--checks", "all"]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--no-color", "--generation-database", "none"]
    # Whoever may not act is refused before their request is looked at.
    command += ["--exclude-checks", "positive_data_acceptance", "--suppress-health-check", "all", "--seed", "1"]
    command += ["--request-timeout", "60", "--wait-for-schema", "60"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz_checks", "FOREIGN_MARK": MARK}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)


@pytest.mark.parametrize("role", ["staff", pytest.param("user", marks=pytest.mark.anywhere)])
def test_no_generated_request_breaks_the_api_or_shows_anothers_runs(
    role: str, live_server: LiveServer, tmp_path: Path, settings: Any, request: pytest.FixtureRequest
) -> None:
    # Nobody waits, nobody is throttled: both would only make it slow.
    settings.DAYBOOK = {**settings.DAYBOOK, "api_requests_per_minute": 1_000_000, "api_waiters": 0}
    waiting.places.cache_clear()
    other = User.objects.create_user("other")
    theirs = [
        saved_run(job="add", kwargs={"x": 1}, state=state, owner=other, correlation_id=MARK, finished_at=NOON)
        for state in (State.FAILED, State.SUCCESS, State.CANCELLED)
    ]
    person = User.objects.create_user("person", is_superuser=role == "staff", is_staff=role == "staff")
    for state in (State.FAILED, State.QUEUED):
        saved_run(job="add", kwargs={"x": 1}, state=state, owner=person)
    _, secret = tokens.make(user=person, name="fuzz", scopes=Scope.values, days=1, now=timezone.now())
    if role == "staff":
        Run.objects.filter(pk__in=[run.pk for run in theirs]).update(correlation_id="job-anyones")
    before = list(Run.objects.filter(owner=other).order_by("pk").values())
    request.addfinalizer(waiting.places.cache_clear)
    # The first request loads the endpoints, which takes a crowded machine its time.
    assert Client().get("/api/v1/openapi.json").status_code == 200
    done = fuzz(live_server.url, secret, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    if role == "user":
        assert list(Run.objects.filter(owner=other).order_by("pk").values()) == before
