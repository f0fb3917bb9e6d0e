"""Every verb of `manage.py jobs` has its twin in the API, help worth reading, and a line in docs/operating.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from django.test import Client
from django_typer.management import get_command

from tests.pages import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.req("AA-4", "PW-5", "PW-6")]

RUN = "POST jobs/{name}/runs"
TWINS = {
    "list": "GET jobs",
    "enqueue": RUN,
    "show": "GET runs/{run_id}",
    "log": "GET runs/{run_id}/log",
    "why": "GET runs/{run_id}/why",
    "history": "GET runs",
    "failures": "GET failures",
    "stats": "GET stats",
    "top": "GET overview",
    "clear": "DELETE stats/{name}",
    "cancel": "POST runs/{run_id}/cancel",
    "retry": "POST runs/{run_id}/retry",
    "run-now": "POST runs/{run_id}/run-now",
    "tell-me": "POST runs/{run_id}/tell-me",
    "discard": "POST runs/{run_id}/discard",
    "doctor": "GET doctor",
    "check-inflight": "GET inflight",
    "dead list": "GET dead-letters",
    "dead replay": "POST dead-letters/replay",
    "dead discard": "POST dead-letters/discard",
    "quarantine list": "GET quarantine",
    "quarantine show": "GET quarantine/{message_id}",
    "quarantine replay": "POST quarantine/{message_id}/replay",
    "quarantine discard": "POST quarantine/{message_id}/discard",
    "queue list": "GET queues",
    "queue pause": "POST queues/{name}/pause",
    "queue resume": "POST queues/{name}/resume",
    "queue purge": "POST queues/{name}/purge",
    "worker list": "GET workers",
    "schedule list": "GET schedules",
    "schedule show": "GET schedules/{schedule_id}",
    "schedule add": "POST schedules",
    "schedule add-for": "POST schedules",
    "schedule set": "PATCH schedules/{schedule_id}",
    "schedule pause": "POST schedules/{schedule_id}/pause",
    "schedule resume": "POST schedules/{schedule_id}/resume",
    "schedule remove": "DELETE schedules/{schedule_id}",
    "schedule run-now": "POST schedules/{schedule_id}/run-now",
    "schedule preview": "GET schedules/{schedule_id}/preview",
    "schedule duplicate": "POST schedules/{schedule_id}/duplicate",
    "schedule backfill": "POST schedules/{schedule_id}/backfill",
    "schedule history": "GET schedule-changes",
    "schedule revert": "POST schedule-changes/{change_id}/revert",
    "schedule sync": "POST declared-schedules/sync",
    "search": "GET search",
    # The applications' verbs are jobs, enqueued as any other: ingest_emails, process_threads, archive_calendars ...
    "sync user": RUN,
    "sync all": RUN,
    "sync calendars": RUN,
    "ai thread": RUN,
    "ai bulk": RUN,
    "archive run": RUN,
    "archive schedule": "POST archives/schedule",
    "archive health": "GET doctor",
    "archive remove": "POST archives/remove",
    "archive status": "GET archives",
    # Here and now: enqueued, and waited for with GET runs/{run_id}?wait.
    "run": RUN,
    "health": "GET health",
    "keys list": "GET keys",
    "keys restore": "POST keys/restore",
}
WITHOUT = {
    "token create": "who holds a token must not make themselves others: the shell and the admin's session do",
    "token list": "as token create",
    "token revoke": "as token create",
}
# Of no verb: the event streams follow, what the shell does by looking again.
ONLY_API = {"GET jobs/{name}", "GET stats/{name}", "GET events", "GET runs/{run_id}/events"}


def verbs(group: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every verb as it is typed, with its command."""
    loaded: Any = get_command("jobs")  # with the verbs that apps add
    group = group or typer.main.get_command(loaded.typer_app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_every_verb_has_a_twin_or_a_reason_and_every_endpoint_a_verb() -> None:
    known = {name for name, _ in verbs()}
    assert known == TWINS.keys() | WITHOUT.keys()
    paths = Client().get("/api/v1/openapi.json").json()["paths"]
    endpoints = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}" for path, methods in paths.items() for method in methods
    }
    assert endpoints == set(TWINS.values()) | ONLY_API


@pytest.mark.parametrize(("name", "command"), list(verbs()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_verbs_help_says_what_it_does_and_what_each_option_means(name: str, command: Any) -> None:
    assert re.match(r"[A-Z][^\n]{20,}[.]", command.help or ""), name
    own = [each for each in command.params if each.name not in {"help", "settings", "pythonpath", "traceback"}]
    unsaid = [each.name for each in own if not getattr(each, "help", "") and not each.name.endswith("version")]
    assert unsaid == [], name
    # An option that is called as its metavar would be taken for it: --ZONE in place of --zone.
    assert [option for each in own for option in each.opts if option != option.lower()] == [], name


def test_the_operators_page_names_every_verb() -> None:
    lines = [line for line in (ROOT / "docs" / "operating.md").read_text().splitlines() if "`manage.py jobs " in line]
    told = [" ".join(re.findall(r"`([^`]*)`", line)).replace("manage.py jobs ", " ").split() for line in lines]
    unsaid = [name for name, _ in verbs() if not any(set(name.split()) <= set(words) for words in told)]
    assert unsaid == []
