"""The brokers under soak, and what can befall them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from amqp.exceptions import AMQPError, NotFound
from kombu import Connection

from project.embedded import valkey
from tests.soak import effects
from tests.soak.own_server import LOOPBACK, Server, free_port
from tests.soak.plan import QUEUES

FREEZE_SECONDS = 6.0
PASSWORD = "only-for-soaks"


class Broker(Server):
    """A message broker."""

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        super().__init__(folder, address=address)
        self.faults: dict[str, Callable[[], None]] = {
            "kill": self._restart,
            "wipe": self.wipe,
            "restart without data": lambda: self._restart(forget=True),
            "freeze": lambda: self.freeze(FREEZE_SECONDS),
        }

    def _restart(self, *, forget: bool = False) -> None:
        self.kill()
        if forget:
            self.forget()
        self.start()

    def wipe(self) -> None:
        """Lose every message while it runs."""
        raise NotImplementedError


class Valkey(Broker):
    """The embedded broker, as `make up` runs it."""

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        super().__init__(folder, address=address)
        self._socket = folder / "b.sock"
        self.url = f"redis+socket://{self._socket}"
        self.client = redis.Redis(unix_socket_path=str(self._socket), socket_timeout=2)

    def command(self) -> list[str]:
        return valkey.command(valkey.find_server(), self._socket)

    def answers(self) -> bool:
        try:
            info = self.client.info("server")
        except redis.RedisError:
            return False
        self.version = (
            f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"
        )
        return True

    def forget(self) -> None:
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def wipe(self) -> None:
        self.client.flushall()


class Redis(Valkey):
    """Debian's redis-server on a port."""

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        super().__init__(folder, address=address)
        self.port = port = free_port()
        self._words = ["--port", str(port), "--bind", address, "--dir", str(folder), "--appendonly", "yes"]
        # Beyond loopback neither Redis nor production mode goes without one.
        password = "" if address == LOOPBACK else PASSWORD
        self._words += ["--requirepass", password] if password else []
        self.url = f"redis://:{password}@{address}:{port}/0" if password else f"redis://{address}:{port}/0"
        self.client = redis.Redis(address, port, password=password or None, socket_timeout=2)

    def command(self) -> list[str]:
        return ["redis-server", *self._words, "--save", "", "--maxmemory-policy", "noeviction"]


class RabbitMQ(Broker):
    """A RabbitMQ node of our own, with its own name, ports and epmd."""

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        super().__init__(folder, address=address)
        self._port, self._clustering, self._names = free_port(), free_port(), free_port()
        self._node = f"soak{self._port}@localhost"
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def command(self) -> list[str]:
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")},
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(self._clustering),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        }

    def answers(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=3) as connection:
                connection.ensure_connection(max_retries=1, timeout=3)
                self.version = f"RabbitMQ {connection.connection.server_properties['version']}"
                return True
        except Exception:
            return False

    def start(self) -> None:
        super().start()
        if not all(self._serves(queue) for queue in QUEUES):
            # A node killed soon after a quorum queue was declared may come back with a queue that finds no leader
            # any more (3.10); an operator would delete it.
            effects.append("faults", kind="broker came back with a dead queue, data dropped", pids=[])
            self.kill()
            self.forget()
            super().start()

    def _serves(self, queue: str) -> bool:
        # Only what needs the queue's leader tells; the message, if any, goes back when the connection closes.
        options = {"read_timeout": 8, "write_timeout": 8}
        try:
            with Connection(self.url, connect_timeout=3, transport_options=options) as connection:
                channel: Any = connection.default_channel
                channel.basic_get(queue)
        except NotFound:
            return True
        except (OSError, AMQPError):
            return False
        return True

    def forget(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def wipe(self) -> None:
        with Connection(self.url, connect_timeout=3) as connection:
            for queue in QUEUES:
                channel: Any = connection.channel()
                with contextlib.suppress(NotFound):
                    channel.queue_purge(queue)

    def stop(self) -> None:
        self.kill()
        words = ["epmd", "-port", str(self._names), "-kill"]
        subprocess.run(words, capture_output=True, check=False, timeout=10)
