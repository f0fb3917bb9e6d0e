"""Secrets through the whole stack: looked for wherever anything is written, kept or shown, and found nowhere."""

from __future__ import annotations

import base64
import io
import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from jobs import queries, tokens
from jobs.models import Run
from jobs.models.token import Scope
from project.celery import app
from tests.acceptance.jobs.conftest import ENDED, Engine
from tests.plugins.polling import poll

pytestmark = pytest.mark.broker

LOGIN = "flower:only-for-this-test"
PAGES = (
    "jobs/run/",
    "jobs/run/overview/",
    "jobs/run/dead-letters/",
    "jobs/worker/",
    "jobs/apitoken/",
    "jobs/auditentry/",
    "django_celery_results/taskresult/",
)


class Secrets:
    """A sensitive argument, a password in a URL and an API token, each in the shapes it might be written in."""

    def __init__(self, user: User) -> None:
        self.code, self.password = f"c0de{uuid.uuid4().hex}", f"pa55{uuid.uuid4().hex}"
        _, self.token = tokens.make(user=user, name="canary", scopes=Scope.values, days=1, now=timezone.now())
        self.url = f"imaps://anna:{self.password}@127.0.0.1:9/INBOX"

    def found_in(self, text: str) -> list[str]:
        """Return which stand in the text."""
        kinds = {"code": self.code, "password": self.password, "token": self.token}
        return [kind for kind, secret in kinds.items() if any(shape in text for shape in _shapes(secret))]


def _shapes(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret), secret[::-1])
    # Whatever stands before it: base64 of what comes after depends on the place within three bytes.
    for offset in range(3):
        yield base64.b64encode(b"x" * offset + secret.encode())[4:-4].decode()


def _database() -> str:
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [repr(row) for row in cursor.fetchall()]
    return "\n".join(rows)


def _waiting_message(queue: str) -> str:
    with app.connection_for_write() as broker:
        message: Any = poll(lambda: app.amqp.queues[queue].bind(broker.default_channel).get(no_ack=True))
        text = f"{message.body!r}{message.headers!r}{message.properties!r}"
    decoded = json.loads(message.body) if isinstance(message.body, str | bytes) else ""
    return f"{text}{decoded!r}"


def _flower(port: int, path: str) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    request.add_header("Authorization", f"Basic {base64.b64encode(LOGIN.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=10) as response:
        return str(response.read().decode())


def _hears(port: int) -> bool:
    """Whether Flower tells of one of the runs that were enqueued for it."""
    app.tasks["noted"].delay()
    with suppress(OSError):
        return '"noted"' in _flower(port, "/api/tasks")
    return False


def _command(*words: str) -> str:
    out = io.StringIO()
    call_command("jobs", *words, stdout=out)
    return out.getvalue()


def _pages(client: Client, runs: list[Run]) -> str:
    own = [f"jobs/run/{run.pk}/{page}/" for run in runs for page in ("change", "retry")]
    return "\n".join(client.get(f"/admin/{path}", follow=True).content.decode() for path in (*PAGES, *own))


@pytest.mark.req("AQ-2", "PL-3")
@pytest.mark.timeout(240)
def test_a_secret_is_found_nowhere(
    engine: Engine, own_queue: str, free_port: Callable[[], int], capfd: pytest.CaptureFixture[str]
) -> None:
    port, name = free_port(), uuid.uuid4().hex[:12]
    engine.start("flower", "--address=127.0.0.1", f"--port={port}", FLOWER_BASIC_AUTH=LOGIN).said("Registered tasks")
    poll(lambda: _hears(port), within=30)
    user = User.objects.create_superuser(name)
    secrets, client = Secrets(user), Client()
    bearer = {"Authorization": f"Bearer {secrets.token}"}

    def api(method: str, path: str, body: Any = None) -> str:
        content: dict[str, Any] = {"data": json.dumps(body), "content_type": "application/json"} if body else {}
        return str(client.generic(method, f"/api/v1/{path}", **content, headers=bearer).content.decode())

    answers = []
    for kind in ("succeeds", "retries", "fails"):
        given = {"code": secrets.code, "url": secrets.url, "kind": kind}
        answers.append(api("POST", "jobs/tells_everything/runs", {"args": given}))
        answers.append(api("POST", "jobs/tells_everything/runs", {"args": {**given, "kind": 7}}))
    runs = [Run.objects.get(pk=json.loads(text)["id"]) for text in answers[::2]]
    poll(lambda: all(Run.objects.get(pk=run.pk).state in ENDED for run in runs), within=30)
    with_message = {"asked-by": "test"}
    app.tasks["tells_everything"].apply_async(
        (secrets.code, secrets.url, "waits"), queue=own_queue, headers=with_message
    )
    logs = poll(lambda: [lines for run in runs if len(lines := queries.log_of(run)) >= 3])

    paths = [f"{kind}{run.pk}{part}" for run in runs for kind, part in (("runs/", ""), ("runs/", "/log"))]
    answers += [api("GET", path) for path in (*paths, "runs", "failures", "schedules", "workers", "overview")]
    client.force_login(user)
    seen = {
        "logs of the workers": engine.log(),
        "logs of the web": "".join(capfd.readouterr()),
        "database": _database(),
        "broker": _waiting_message(own_queue),
        "admin": _pages(client, runs),
        "API": "\n".join(answers),
        "command line": "".join(_command(*words) for words in (("top",), ("failures",), ("show", str(runs[2].pk)))),
        "Flower": poll(lambda: _told_by_flower(port, runs)),
        "logs of the runs": repr(logs),
    }
    assert {place: found for place, text in seen.items() if (found := secrets.found_in(text))} == {}
    # What must be told in their places is there: the test looked at the right things.
    assert "code *** for ***" in seen["logs of the workers"]
    assert "was refused by" in seen["admin"] and "was refused by" in seen["API"] and "was refused by" in seen["Flower"]
    assert all(str(run.pk) in seen[place] for run in runs for place in ("database", "API", "admin", "Flower"))
    assert str(runs[2].pk) in seen["command line"]
    assert [run.state for run in Run.objects.filter(pk__in=[run.pk for run in runs]).order_by("created_at")] == [
        "SUCCESS",
        "SUCCESS",
        "FAILED",
    ]


def _told_by_flower(port: int, runs: list[Run]) -> str:
    """Return what Flower shows, once it knows how the last run ended."""
    told = _flower(port, "/api/tasks") + _flower(port, "/api/workers") + _flower(port, "/broker")
    told += "".join(_flower(port, f"/task/{run.pk}") for run in runs if str(run.pk) in told)
    return told if '"FAILURE"' in told and all(str(run.pk) in told for run in runs) else ""
