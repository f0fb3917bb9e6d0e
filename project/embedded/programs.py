"""Which processes one machine runs, and the command of each; compose.yaml runs the same commands apart."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from project.embedded import valkey
from project.environment import Environment

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Program:
    """A process to keep running."""

    name: str
    command: list[str]
    priority: int = 10
    """Lower starts earlier and stops later."""
    stop_seconds: int = 20
    """Grace between SIGTERM and SIGKILL."""


def programs(environment: Environment) -> list[Program]:
    """Return the processes of this machine; the broker only where no other is set."""
    return [
        *_broker(environment),
        Program("web", _web(environment.port)),
        Program("mail-worker", _worker("mail", queues="email,ai")),
        Program("worker", _worker("main", queues="base,notifications,maintenance")),
        Program("beat", _ours("beat", "--loglevel=INFO", "--pidfile=")),
        Program("flower", _flower(environment.flower_port)),
    ]


def _broker(environment: Environment) -> list[Program]:
    if environment.broker_url:
        return []
    socket = Path(urlsplit(environment.broker()).path)
    return [Program("broker", valkey.command(valkey.find_server(), socket), priority=1)]


def _web(port: int) -> list[str]:
    bind = f"--bind={HOST}:{port}"
    return [sys.executable, "-m", "gunicorn", "project.wsgi", bind, "--threads=4", "--no-control-socket"]


def _worker(name: str, *, queues: str) -> list[str]:
    alone = ("--without-gossip", "--without-mingle")
    which = (f"--hostname={name}@%h", f"--queues={queues}", "--concurrency=1")
    return _ours("worker", "--loglevel=INFO", *alone, *which)


def _ours(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "project", "--quiet", *arguments]


def _flower(port: int) -> list[str]:
    where = (f"--address={HOST}", f"--port={port}")
    return [sys.executable, "-m", "celery", "--quiet", "--app=project", "flower", *where]
