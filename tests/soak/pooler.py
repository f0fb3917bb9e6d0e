"""A PgBouncer of the soak's own before a PostgreSQL: a client gets a session for one transaction, then another's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.soak.own_server import LOOPBACK, Server, as_postgres, free_port, give_to_postgres

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
SESSIONS = 20


class PgBouncer(Server):
    """A pooler in transaction mode, with fewer sessions than clients."""

    def __init__(self, folder: Path, postgres_url: str) -> None:
        super().__init__(folder)
        assert PROGRAM, "no pgbouncer on this machine"
        self._program, self.port, self._server = PROGRAM, free_port(), urlsplit(postgres_url)
        self.url = f"postgres://postgres@{LOOPBACK}:{self.port}{self._server.path}"
        words = subprocess.check_output([PROGRAM, "--version"], text=True, timeout=10).split()
        self.version = f"{words[0]} {words[1]}"

    def command(self) -> list[str]:
        return [*as_postgres(), self._program, str(self.folder / "pgbouncer.ini")]

    def start(self) -> None:
        give_to_postgres(self.folder)
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={self._server.hostname} port={self._server.port} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = {LOOPBACK}\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\nmax_client_conn = 400\ndefault_pool_size = {SESSIONS}\n"
            "server_login_retry = 1\nquery_wait_timeout = 10\n"
        )
        super().start()

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False
