"""`manage.py up`, really: from an empty folder to the first notification, through a crash, to nothing left behind."""

from __future__ import annotations

import base64
import http.cookiejar
import os
import re
import signal
import sqlite3
import stat
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingestion.samples import corpus
from project.environment import documented
from tests.plugins.environment import SCRATCH
from tests.plugins.polling import poll
from tests.plugins.processes import Process, python

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(420)]

FIRST_START_SECONDS = 170.0
SECOND_START_SECONDS = 60.0
STOP_SECONDS = 60.0


class Up:
    """The command on free ports and in a data folder of its own, started as often as a test likes."""

    def __init__(self, data_dir: Path, *, port: int, flower_port: int) -> None:
        self.data_dir = data_dir
        self.web = f"http://127.0.0.1:{port}"
        self.flower = f"http://127.0.0.1:{flower_port}"
        # Every variable is set, so that a developer's own .env doesn't count; empty means the default.
        empty = {str(v["name"]): "" for v in documented() if v["default"] == ""}
        secrets = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "FLOWER_BASIC_AUTH", "ADMIN_PASSWORD")
        self._environment = {
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}},
            **{name: value for name, value in empty.items() if name not in secrets},
            "DATA_DIR": str(data_dir),
            "PORT": str(port),
            "FLOWER_PORT": str(flower_port),
        }
        self.started: list[Process] = []

    def start(self) -> Process:
        """Run the command."""
        output = SCRATCH / f"up-{self._environment['PORT']}-{len(self.started)}.log"
        process = Process([*python("manage.py"), "up"], environment=self._environment, output=output)
        self.started.append(process)
        return process

    def processes(self) -> dict[int, str]:
        """Return the command of every living process that knows the data folder, by pid."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                known = f"{command} {(folder / 'environ').read_bytes().decode(errors='replace')}"
            except OSError:
                continue
            if command and str(self.data_dir) in known:
                found[int(folder.name)] = command
        return found

    def pid_of(self, words: str) -> int:
        """Return the pid of the first process whose command has these words; 0 for none."""
        return min((pid for pid, command in self.processes().items() if words in command), default=0)

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """Return the rows that the database answers."""
        with closing(sqlite3.connect(f"file:{self.data_dir}/daybook.sqlite3?mode=ro", uri=True)) as database:
            return database.execute(question).fetchall()

    def secret(self, name: str) -> str:
        """Return a generated secret."""
        lines = (self.data_dir / "secrets.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]


@pytest.fixture
def up(free_port: Callable[[], int]) -> Iterator[Up]:
    """Return the command, not yet started; whatever is left of it at the end is killed."""
    data_dir = SCRATCH / "up"
    data_dir.mkdir()
    command = Up(data_dir, port=free_port(), flower_port=free_port())
    yield command
    for process in command.started:
        process.kill()
    for pid in command.processes():
        os.kill(pid, signal.SIGKILL)


def _status(url: str, *, login: str = "") -> int:
    request = urllib.request.Request(url)
    if login:
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def _admin_page_after_login(web: str, password: str) -> str:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with opener.open(f"{web}/admin/login/", timeout=10) as response:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.read().decode())
    assert token
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
    with opener.open(f"{web}/admin/login/", urllib.parse.urlencode(form).encode(), timeout=10) as response:
        assert response.url == f"{web}/admin/jobs/run/overview/"
        return str(response.read().decode())


def _until_ready(process: Process, *, within: float) -> None:
    process.said(r"^ready: ", within=within)
    assert len(re.findall(r"^ready:", process.text(), re.MULTILINE)) == 1


def _everything_answers(up: Up, process: Process) -> None:
    printed = process.said(r"^made the user admin; password: (\S+)$")[1]
    assert printed == up.secret("ADMIN_PASSWORD")
    assert "Log out" in _admin_page_after_login(up.web, printed)
    assert (_status(f"{up.web}/healthz"), _status(f"{up.web}/readyz")) == (200, 200)
    assert _status(up.flower) == 401
    assert _status(up.flower, login=up.secret("FLOWER_BASIC_AUTH")) == 200


def _the_main_job_is_done(up: Up) -> None:
    mails = len(corpus())
    assert up.ask("SELECT count(*), count(DISTINCT message_id) FROM ingestion_mail") == [(mails, mails)]
    assert up.ask("SELECT count(*), count(DISTINCT mail_id) FROM ingestion_classification") == [(mails, mails)]
    told = {kind for (kind,) in up.ask("SELECT DISTINCT kind FROM notifications_signal")}
    assert told >= {"daily_briefing", "important_mail", "meeting_prep", "commitment"}
    titles = up.ask("SELECT title FROM notifications_signal WHERE kind = 'meeting_prep'")
    letters = " ".join(file.read_text() for file in (up.data_dir / "mail").iterdir())
    assert titles[0][0] in letters
    # Schedules may have begun the next run already.
    ended = up.ask("SELECT DISTINCT state FROM jobs_run WHERE state NOT IN ('QUEUED', 'RUNNING')")
    assert ended == [("SUCCESS",)]


def _nobody_else_can_read_the_data(up: Up) -> None:
    files = [path for path in up.data_dir.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def _a_second_up_is_refused(up: Up, other: Up) -> None:
    refused = other.start()
    assert refused.ended() == 1
    assert "Stop it, or set DATA_DIR" in refused.text()
    refused = up.start()
    assert refused.ended() == 1
    assert "Set PORT to a free port" in refused.text()


def _a_killed_worker_comes_back(up: Up, process: Process) -> None:
    before = up.pid_of("--hostname=main@")
    os.kill(before, signal.SIGKILL)
    assert poll(lambda: up.pid_of("--hostname=main@") not in {0, before}, within=60)
    poll(lambda: len(re.findall(r"main@\S+ ready\.", process.text())) == 2, within=60)


@pytest.mark.req("PL-4")
def test_one_command_runs_everything_restarts_what_dies_and_leaves_nothing(
    up: Up, free_port: Callable[[], int]
) -> None:
    first = up.start()
    _until_ready(first, within=FIRST_START_SECONDS)
    _everything_answers(up, first)
    _the_main_job_is_done(up)
    _nobody_else_can_read_the_data(up)
    _a_second_up_is_refused(up, Up(up.data_dir, port=free_port(), flower_port=free_port()))
    _a_killed_worker_comes_back(up, first)
    first.send(signal.SIGINT)
    assert first.ended(within=STOP_SECONDS) == 0
    assert up.processes() == {}

    secrets = (up.data_dir / "secrets.env").read_text()
    second = up.start()
    _until_ready(second, within=SECOND_START_SECONDS)
    assert "password:" not in second.text()
    assert (up.data_dir / "secrets.env").read_text() == secrets
    _the_main_job_is_done(up)
    second.send(signal.SIGKILL)
    second.ended()
    poll(lambda: not up.processes(), within=STOP_SECONDS)
