"""The databases under soak, and what can befall them."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.soak.own_server import LOOPBACK, Server, as_postgres, free_port, give_to_postgres
from tests.soak.pooler import PgBouncer

POSTGRES_BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class Database:
    """The database of record."""

    url: str
    version: str
    variables: dict[str, str] = {}
    faults: dict[str, Callable[[], None]]

    def start(self) -> None:
        """Serve."""

    def stop(self) -> None:
        """End it for good."""


class SQLite(Database):
    """A file; its fault is another program that holds the write lock."""

    version = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
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

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        super().__init__(folder, address=address)
        self.port = free_port()
        self._data = folder / "data"
        self._bin = POSTGRES_BIN[-1]
        self.url = self.own_url = f"postgres://postgres@{address}:{self.port}/postgres"
        self.faults = {
            "all backends terminated": self._terminate,
            "immediate restart": self._restart,
            "immediate stop for 4 s": lambda: self._restart(pause=4),
        }

    def command(self) -> list[str]:
        settings = {"listen_addresses": self.address, "port": self.port, "unix_socket_directories": self.folder}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [*as_postgres(), str(self._bin / "postgres"), "-D", str(self._data), *words]

    def start(self) -> None:
        if not self._data.exists():
            give_to_postgres(self.folder)
            words = [str(self._bin / "initdb"), "-U", "postgres", "-A", "trust", "-D", str(self._data)]
            subprocess.run([*as_postgres(), *words], check=True, capture_output=True, timeout=60)
            with (self._data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {self.address}/24 trust\n")
        super().start()

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.own_url, connect_timeout=2) as connection:
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
        with psycopg.connect(self.own_url, connect_timeout=5, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def stop(self) -> None:
        if self._process:
            self._immediate_stop()


class PooledPostgres(Postgres):
    """The same behind a PgBouncer, which lends a session for one transaction only."""

    variables = {"DATABASE_POOLED": "1"}

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        super().__init__(folder, address=address)
        self._pooler = PgBouncer(folder / "pooler", self.own_url)
        self.url = self._pooler.url
        self.faults = {"pooler killed": self._restart_pooler, **self.faults}

    def start(self) -> None:
        super().start()
        self._pooler.start()

    def answers(self) -> bool:
        answered = super().answers()
        self.version += f" behind {self._pooler.version}"
        return answered

    def stop(self) -> None:
        self._pooler.stop()
        super().stop()

    def _restart_pooler(self) -> None:
        self._pooler.kill()
        self._pooler.start()
