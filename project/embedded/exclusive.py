"""What one machine allows once: a data folder has one `up`, a port one listener. Checked before anything starts."""

from __future__ import annotations

import fcntl
import socket
from pathlib import Path
from typing import IO


class TakenError(Exception):
    """Something else already has it."""


def check_port(variable: str, port: int, *, host: str) -> None:
    """Refuse a port that cannot be listened on.

    Raises:
        TakenError: with the variable to change.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise TakenError(f"Cannot listen on {host}:{port} ({error}). Set {variable} to a free port.") from error


def lock(folder: Path) -> IO[str]:
    """Lock the data folder for as long as the returned file is open.

    Raises:
        TakenError: another process has it.
    """
    file = (folder / "up.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise TakenError(f"Another `make up` runs on {folder}. Stop it, or set DATA_DIR.") from error
    return file
