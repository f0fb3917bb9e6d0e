"""compose.yaml: valid where the docker client can say, and every command in it is one that starts here."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import redis
import yaml
from django.conf import settings

from jobs.models import Worker
from project.embedded.valkey import find_server
from project.environment import BASE_DIR
from tests.plugins.polling import Eventually
from tests.plugins.processes import Process, Start

COMPOSE = BASE_DIR / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
SECRETS = {
    "POSTGRES_PASSWORD": "p",
    "REDIS_PASSWORD": "r",
    "SECRET_KEY": "s" * 50,
    "FIELD_ENCRYPTION_KEYS": "k",
    "ALLOWED_HOSTS": "127.0.0.1",
    "FLOWER_BASIC_AUTH": "flower:secret",
}
OURS = sorted(name for name, service in SERVICES.items() if service.get("image") == "daybook")

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]


def _words(name: str) -> list[str]:
    command = SERVICES[name]["command"]
    return shlex.split(command) if isinstance(command, str) else list(command)


def _start(start: Start, name: str, *, port: int) -> Process:
    """Start a service's command as it stands, but on a free port of this machine alone."""
    program, *arguments = _words(name)
    if program == "python":
        program, *arguments = arguments[1:] if arguments[0] == "-m" else arguments
    here = {"--bind=0.0.0.0:8000": f"--bind=127.0.0.1:{port}", "--address=0.0.0.0": "--address=127.0.0.1"}
    here["--port=5555"] = f"--port={port}"
    return start(program, *(here.get(word, word) for word in arguments), **_extra_environment(name))


def _extra_environment(name: str) -> dict[str, str]:
    return {"FLOWER_BASIC_AUTH": SECRETS["FLOWER_BASIC_AUTH"]} if name == "flower" else {}


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bytes(response.read())
    except OSError:
        return b""


def _compose_client() -> bool:
    if not (docker := shutil.which("docker")):
        return False
    return subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _compose_client(), reason="no docker compose client here")
def test_docker_finds_the_file_valid_and_refuses_it_without_secrets() -> None:
    command = ["docker", "compose", "--env-file", "/dev/null", "-f", str(COMPOSE), "config", "--quiet"]
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    assert subprocess.run(command, env={**path, **SECRETS}, check=False).returncode == 0
    for name in SECRETS:
        without = {key: value for key, value in SECRETS.items() if key != name}
        refused = subprocess.run(command, env={**path, **without}, capture_output=True, text=True, check=False)
        assert refused.returncode != 0
        assert f"set {name}" in refused.stderr


def test_no_secret_has_a_default() -> None:
    text = COMPOSE.read_text()
    for name in SECRETS:
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text
        assert f"${{{name}}}" not in text


def test_any_setting_may_stand_in_the_file_beside_it() -> None:
    assert {str(SERVICES[name]["env_file"]) for name in OURS} == {str([{"path": ".env", "required": False}])}


def test_every_service_restarts_and_all_but_the_one_shot_are_probed() -> None:
    assert {name for name, service in SERVICES.items() if service["restart"] != "unless-stopped"} == {"migrate"}
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"migrate"}


def test_every_queue_has_a_worker_with_time_to_finish() -> None:
    workers = {name: _words(name) for name in OURS if "worker" in _words(name)}
    served = [
        queue
        for words in workers.values()
        for word in words
        if word.startswith("--queues=")
        for queue in word.removeprefix("--queues=").split(",")
    ]
    assert sorted(served) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)
    assert {SERVICES[name]["stop_grace_period"] for name in workers} == {"2m"}


def test_every_worker_starts_and_passes_its_health_check(start: Start, broker: str) -> None:
    workers = {name: _start(start, name, port=0) for name in OURS if "worker" in _words(name)}
    assert len(workers) == 4
    for worker in workers.values():
        worker.said(r"(\w+)@(\S+) ready\.")
    probes = {tuple(SERVICES[name]["healthcheck"]["test"][2:]) for name in workers}
    # Each container has one worker; here one probe asks the four of them.
    (probe,) = [start(*words) for words in probes]
    assert probe.ended() == 0, probe.text()
    assert [worker.stop() for worker in workers.values()] == [0, 0, 0, 0]


def test_migrate_ends_well(start: Start) -> None:
    assert _start(start, "migrate", port=0).ended() == 0


def test_beat_starts_and_reports_in(start: Start, broker: str, eventually: Eventually) -> None:
    beat = _start(start, "beat", port=0)
    eventually(Worker.objects.filter(kind=Worker.Kind.BEAT, heartbeats__gt=1, stopped_at=None).exists, within=30)
    probe = start(*SERVICES["beat"]["healthcheck"]["test"][2:])
    assert probe.ended() == 0, probe.text()
    assert beat.stop() == 0, beat.text()
    assert Worker.objects.filter(kind=Worker.Kind.BEAT, stopped_at=None).count() == 0


def test_web_starts_and_answers_where_the_health_check_asks(
    start: Start, free_port: Callable[[], int], eventually: Eventually
) -> None:
    port = free_port()
    web = _start(start, "web", port=port)
    assert "http://127.0.0.1:8000/healthz" in SERVICES["web"]["healthcheck"]["test"][3]
    assert eventually(lambda: _get(f"http://127.0.0.1:{port}/healthz"), within=30) == b"ok\n"
    assert web.stop() == 0


def test_flower_starts_and_answers_where_the_health_check_asks(
    start: Start, broker: str, free_port: Callable[[], int], eventually: Eventually
) -> None:
    port = free_port()
    flower = _start(start, "flower", port=port)
    assert "http://127.0.0.1:5555/healthcheck" in SERVICES["flower"]["healthcheck"]["test"][3]
    assert eventually(lambda: _get(f"http://127.0.0.1:{port}/healthcheck"), within=30) == b"OK"
    assert flower.stop() == 0


def test_the_broker_starts_and_asks_for_the_password(
    start: Start, free_port: Callable[[], int], eventually: Eventually, tmp_path_factory: pytest.TempPathFactory
) -> None:
    port = free_port()
    words = [word.replace("${REDIS_PASSWORD:?set REDIS_PASSWORD}", "r") for word in _words("redis")[1:]]
    folder = str(tmp_path_factory.mktemp("redis"))
    start(str(find_server()), "--port", str(port), "--dir", folder, *words)

    def answer(password: str | None) -> str:
        try:
            with redis.Redis(port=port, password=password, socket_timeout=5) as client:
                return f"{client.ping()}"
        except redis.AuthenticationError:
            return "refused"
        except redis.ConnectionError:
            return ""

    assert eventually(lambda: answer("r")) == "True"
    assert answer(None) == "refused"
