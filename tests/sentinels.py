"""A Redis master, its replica and a Sentinel that watches them, on loopback, for tests of a failover."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import redis

from project.embedded.supervision import TETHER
from tests.plugins.polling import poll

QUIET = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--daemonize", "no")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sentinels:
    """Fails over within seconds."""

    def __init__(self, folder: Path) -> None:
        if not (server := shutil.which("redis-server")):
            pytest.skip("no redis-server on this machine")
        self._server, self._folder = server, folder
        self.master, self.replica, self.sentinel = free_port(), free_port(), free_port()
        self.url = f"sentinel://127.0.0.1:{self.sentinel}/0"
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._start("--port", str(self.master), *QUIET)
        self._start("--port", str(self.replica), "--replicaof", "127.0.0.1", str(self.master), *QUIET)
        poll(lambda: self._client(self.replica).info("replication")["master_link_status"] == "up", within=20)
        config = self._folder / "sentinel.conf"
        config.write_text(
            f"port {self.sentinel}\nbind 127.0.0.1\ndir {self._folder}\n"
            f"sentinel monitor mymaster 127.0.0.1 {self.master} 1\n"
            "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 5000\n"
        )
        self._start(str(config), "--sentinel")
        poll(self._knows_the_replica, within=20)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            process.wait(10)

    def fail_over_forgetting_everything(self) -> None:
        """Kill the master; its replica, which has lost what it was sent last, takes over."""
        self._processes[0].kill()
        client = self._client(self.replica)
        client.config_set("replica-read-only", "no")
        client.flushall()
        poll(lambda: client.info("replication")["role"] == "master", within=30)

    def _knows_the_replica(self) -> bool:
        try:
            state: Any = self._client(self.sentinel).sentinel_master("mymaster")
            return int(state["num-slaves"]) == 1
        except redis.ConnectionError:
            return False

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(port=port, socket_timeout=5, decode_responses=True)

    def _start(self, *words: str) -> None:
        command = [*TETHER, self._server, *words]
        self._processes.append(
            subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
