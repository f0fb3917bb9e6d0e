"""The test broker: the suite's own Valkey, or the one that TEST_BROKER_URL names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import redis
from django.conf import settings
from kombu import Connection

from jobs import health
from project.embedded import valkey
from project.embedded.supervision import TETHER
from tests.plugins.environment import SCRATCH
from tests.plugins.polling import poll

__all__ = ["Valkey", "broker", "no_answer_of_before", "running_broker"]


class Valkey:
    """A Valkey of its own on a unix socket, that a test may stop, kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "broker.sock"
        self.url = f"redis+socket://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Serve; what an earlier start stored is there again."""
        command = valkey.command(valkey.find_server(), self.socket)
        self._process = subprocess.Popen([*TETHER, *command], stdout=subprocess.DEVNULL)
        poll(self._answers)

    def stop(self, *, kill: bool = False) -> None:
        """End it, in order or at once."""
        if self._process:
            self._process.kill() if kill else self._process.terminate()
            self._process.wait(10)
            self._process = None

    def client(self) -> redis.Redis:
        """Return a client of it."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="session")
def running_broker() -> Iterator[str]:
    """Serve the broker that settings name, and return its URL."""
    if os.environ["BROKER_URL"]:
        yield os.environ["BROKER_URL"]
        return
    with Valkey(SCRATCH / "broker") as server:
        yield server.url


@pytest.fixture
def broker(running_broker: str) -> Iterator[str]:
    """Return the URL of a running broker whose queues are empty."""
    _empty(running_broker)
    yield running_broker
    _empty(running_broker)


@pytest.fixture(autouse=True)
def no_answer_of_before() -> None:
    """Let no test be told how the broker was in another."""
    health.last_depth.forget()


def _empty(url: str) -> None:
    with Connection(url) as connection:
        if "redis" in url:
            channel: Any = connection.default_channel
            channel.client.flushdb()
            return
        for queue in settings.CELERY_TASK_QUEUES:
            with connection.channel() as own:
                queue(own).declare()
                queue(own).purge()
