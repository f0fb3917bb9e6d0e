"""The commands at the top of docs/api.md, typed as they stand against a server, with a token that they made."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from jobs.models import Run
from tests.pages import ROOT

BLOCK = re.search(r"^```sh\n(.*?)^```$", (ROOT / "docs/api.md").read_text(), re.MULTILINE | re.DOTALL)
COMMANDS = [shlex.split(line) for line in BLOCK[1].replace("\\\n", " ").splitlines()] if BLOCK else []


def typed(command: list[str], server: LiveServer, secret: str) -> tuple[int, Any]:
    """Return status and JSON of a curl command of the page, sent to this server."""
    own = [word.replace("http://127.0.0.1:8000", server.url).replace("daybook_...", secret) for word in command]
    assert own[0] == "curl"
    done = subprocess.run([*own, "-sS", "-w", "\n%{http_code}"], capture_output=True, text=True, timeout=60, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("AQ-6")
def test_the_pages_commands_do_what_it_says(
    broker: str, live_server: LiveServer, capsys: pytest.CaptureFixture[str]
) -> None:
    User.objects.create_superuser("admin", password="only-for-tests")
    make_token, list_failed, enqueue = COMMANDS
    assert Path(make_token[0]).name == "python"
    call_command(*make_token[2:])
    secret = capsys.readouterr().out.split()[0]
    assert secret.startswith("daybook_")
    assert typed(list_failed, live_server, secret) == (200, {"items": [], "next": None})
    first, again = (typed(enqueue, live_server, secret) for _ in range(2))
    assert (first[0], again[0], first[1]["id"]) == (202, 202, again[1]["id"])
    run = Run.objects.get()
    assert (run.job, run.kwargs, run.cause) == ("classify_emails", {"limit": 10}, "api")
