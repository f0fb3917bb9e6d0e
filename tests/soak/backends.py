"""The databases and brokers under soak: each our own, on loopback, in the soak's folder, so that it may be hurt."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import redis
from kombu import Connection

from project.embedded import valkey
from project.embedded.supervision import TETHER
from tests.plugins.polling import poll

POSTGRES_BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process that can be killed, frozen and started again, with or without its data."""

    url: str
    version: str = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return what serves."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return its environment."""
        return dict(os.environ)

    def answers(self) -> bool:
        """Whether it serves."""
        raise NotImplementedError

    def start(self) -> None:
        """Serve; what an earlier start stored is there again."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*TETHER, *self.command()], env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        poll(self.answers, within=60)

    def kill(self) -> None:
        """End it at once, with everything it started."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def freeze(self, seconds: float) -> None:
        """Let it hang without closing a connection."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(self._process.pid, signal.SIGCONT)

    def forget(self) -> None:
        """Delete its data; only while it doesn't run."""

    def stop(self) -> None:
        """End it for good."""
        self.kill()


class Broker(Server):
    """A message broker."""

    def wipe(self) -> None:
        """Lose every message while it runs."""
        raise NotImplementedError


class Valkey(Broker):
    """The embedded broker, as `make up` runs it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._socket = folder / "b.sock"
        self.url = f"redis+socket://{self._socket}"
        self._client = redis.Redis(unix_socket_path=str(self._socket), socket_timeout=2)

    def command(self) -> list[str]:
        return valkey.command(valkey.find_server(), self._socket)

    def answers(self) -> bool:
        try:
            info = self._client.info("server")
        except redis.RedisError:
            return False
        self.version = (
            f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"
        )
        return True

    def forget(self) -> None:
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def wipe(self) -> None:
        self._client.flushall()


class Redis(Valkey):
    """Debian's redis-server on a port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        port = free_port()
        self._words = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes"]
        self.url = f"redis://127.0.0.1:{port}/0"
        self._client = redis.Redis(port=port, socket_timeout=2)

    def command(self) -> list[str]:
        return ["redis-server", *self._words, "--save", "", "--maxmemory-policy", "noeviction"]


class RabbitMQ(Broker):
    """A RabbitMQ node of our own, with its own name, ports and epmd."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
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

    def forget(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def wipe(self) -> None:
        with Connection(self.url, connect_timeout=3) as connection:
            channel: Any = connection.default_channel
            for queue in ("base", "email"):
                channel.queue_purge(queue)

    def stop(self) -> None:
        self.kill()
        words = ["epmd", "-port", str(self._names), "-kill"]
        subprocess.run(words, capture_output=True, check=False, timeout=10)


class Database:
    """The database of record."""

    url: str
    version: str
    faults: dict[str, Callable[[], None]]

    def start(self) -> None:
        """Serve."""

    def stop(self) -> None:
        """End it for good."""


class SQLite(Database):
    """A file; its fault is another program that holds the write lock."""

    version = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "soak.sqlite3"
        self.url = f"sqlite:///{self._path}"
        self.faults = {"locked 2 s": lambda: self._lock(2), "locked 6 s": lambda: self._lock(6)}

    def _lock(self, seconds: float) -> None:
        with sqlite3.connect(self._path, timeout=30, isolation_level=None) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        connection.close()


class Postgres(Server, Database):
    """A PostgreSQL cluster of our own, run by the postgres user."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._port = free_port()
        self._data = folder / "data"
        self._bin = POSTGRES_BIN[-1]
        self.url = f"postgres://postgres@127.0.0.1:{self._port}/postgres"
        self.faults = {
            "immediate restart": self._restart,
            "all backends terminated": self._terminate,
            "immediate stop for 4 s": lambda: self._restart(pause=4),
        }

    def command(self) -> list[str]:
        settings = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": self.folder}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [*self._as_owner(), str(self._bin / "postgres"), "-D", str(self._data), *words]

    def start(self) -> None:
        if not self._data.exists():
            owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            words = [str(self._bin / "initdb"), "-U", "postgres", "-A", "trust", "-D", str(self._data)]
            subprocess.run([*self._as_owner(), *words], check=True, capture_output=True, timeout=60)
        super().start()

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                self.version = f"PostgreSQL {connection.info.server_version // 10000}"
                return True
        except psycopg.OperationalError:
            return False

    def _restart(self, pause: float = 0.0) -> None:
        self._immediate_stop()
        time.sleep(pause)
        super().start()

    def _immediate_stop(self) -> None:
        assert self._process
        # SIGQUIT is pg_ctl's "-m immediate": no checkpoint, recovery at the next start.
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)
        self._process = None

    def _terminate(self) -> None:
        with psycopg.connect(self.url, connect_timeout=5, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def stop(self) -> None:
        if self._process:
            self._immediate_stop()

    def _as_owner(self) -> list[str]:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


BACKENDS: dict[str, tuple[type[SQLite | Postgres], type[Broker]]] = {
    "sqlite-valkey": (SQLite, Valkey),
    "postgres-redis": (Postgres, Redis),
    "postgres-rabbitmq": (Postgres, RabbitMQ),
}
