"""A server process of the soak's own, on this machine, with its data in the soak's folder, so that it may be hurt."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path

from project.embedded.supervision import TETHER
from tests.plugins.polling import poll

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def as_postgres() -> list[str]:
    """Return what comes before the command of a server that refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def give_to_postgres(folder: Path) -> None:
    """Make the folder that of the user of such a server."""
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


class Server:
    """A server process that can be killed, frozen and started again, with or without its data."""

    url: str
    version: str = ""

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        self.folder, self.address = folder, address
        folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process that serves, or its parent."""
        assert self._process
        return self._process.pid

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
