"""Names the back ends that answer on this machine, with their versions; asks only, starts nothing."""

from __future__ import annotations

import sqlite3
import subprocess
from urllib.parse import urlsplit

import psycopg
from kombu import Connection
from kombu.exceptions import OperationalError

from project.embedded.valkey import find_server

VARIABLES = ("DATABASE_URL", "BROKER_URL", "TEST_DATABASE_URL", "TEST_BROKER_URL", "DATA_DIR", "DJANGO_SETTINGS_MODULE")
TIMEOUT_SECONDS = 3


class NotReachedError(Exception):
    """The back end does not answer; the message says which, where and why."""


def sqlite() -> str:
    """Return the name and version of SQLite."""
    return f"SQLite {sqlite3.sqlite_version}"


def valkey() -> str:
    """Return the name and version of the embedded broker."""
    words = subprocess.check_output([find_server(), "--version"], text=True, timeout=10).split()
    version = next(word for word in words if word.startswith("v="))
    return f"{words[0]} {version.removeprefix('v=')}"


def postgres(url: str) -> str:
    """Return the name and version of the PostgreSQL there.

    Raises:
        NotReachedError: it does not let us in.
    """
    try:
        with psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.OperationalError as error:
        raise _not_reached("PostgreSQL", url, error) from error
    return f"PostgreSQL {row[0].split()[0]}" if row else "PostgreSQL"


def rabbitmq(url: str) -> str:
    """Return the name and version of the RabbitMQ there.

    Raises:
        NotReachedError: it does not let us in.
    """
    try:
        with Connection(url, connect_timeout=TIMEOUT_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, timeout=TIMEOUT_SECONDS)
            version = connection.connection.server_properties["version"]
    except (OSError, OperationalError) as error:
        raise _not_reached("RabbitMQ", url, error) from error
    return f"RabbitMQ {version}"


def _not_reached(name: str, url: str, error: Exception) -> NotReachedError:
    parts = urlsplit(url)
    reason = str(error).partition("\n")[0] or type(error).__name__
    return NotReachedError(f"{name} not reached at {parts.hostname}:{parts.port} ({reason})")
