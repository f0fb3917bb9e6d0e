"""The processes under soak: two workers and two beats, started again when they die, as a supervisor would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from project.embedded.supervision import TETHER
from project.environment import BASE_DIR
from tests.hosts import Host
from tests.soak import effects
from tests.soak.plan import QUEUES

RESTART_SECONDS = 0.5
GRACE_SECONDS = 40.0


@dataclass
class Member:
    """One process of the cluster by its name, whichever start of it."""

    name: str
    words: list[str]
    machine: str = ""
    host: Host | None = None
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    restart_at: float = 0.0

    @property
    def pid(self) -> int | None:
        """The pid of the living process."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def children(self) -> list[int]:
        """Return the pids of its pool."""
        if self.pid is None:
            return []
        try:
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(word) for word in text.split()]


class Cluster:
    """Starts the members, starts them again when they end, and ends them."""

    def __init__(
        self, folder: Path, *, workers: int = 2, beats: int = 2, app: str = "tests.soak.app", hosts: Sequence[Host] = ()
    ) -> None:
        self._app = app
        self.folder, self.hosts = folder, hosts
        self.environment = {**os.environ, "SOAK_ROLE": "process", effects.FOLDER: str(folder)}
        # Every second worker as if on another machine: of those the beats know nothing but their heartbeats. SQLite has
        # but one machine.
        machines = ["", "" if os.environ.get("DATABASE_URL", "").startswith("sqlite") else "another machine"]
        self.workers = [Member(f"w{n + 1}", _worker(f"w{n + 1}"), machines[n % 2]) for n in range(workers)]
        self.beats = [Member(f"b{n + 1}", ["beat", "--pidfile=", "--loglevel=INFO"]) for n in range(beats)]
        for members in (self.workers, self.beats) if hosts else ():
            for member, host in zip(members, cycle(hosts), strict=False):
                member.host, member.machine = host, host.name
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    @property
    def members(self) -> list[Member]:
        """All processes."""
        return [*self.workers, *self.beats]

    def pids_on(self, host: Host) -> list[int]:
        """Return the living processes of a host, with the pools of its workers."""
        there = [member for member in self.members if member.host == host and member.pid]
        return [pid for member in there for pid in (member.pid, *member.children()) if pid]

    @property
    def restarts(self) -> int:
        """How often a process was started again."""
        return sum(max(0, member.starts - 1) for member in self.members)

    def start(self) -> None:
        """Start everything and keep it running."""
        self._supervisor.start()

    def wait_ready(self, *, within: float = 90.0) -> None:
        """Return once every worker consumes."""
        deadline = time.monotonic() + within
        while not all(" ready." in self.log_of(worker) for worker in self.workers):
            assert time.monotonic() < deadline, "\n".join(self.log_of(worker)[-3000:] for worker in self.workers)
            time.sleep(0.1)

    def log_of(self, member: Member) -> str:
        """Return what all starts of the member have written."""
        path = self.folder / f"{member.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def deploy(self, member: Member) -> None:
        """End a member in order and let it start anew; killed when it takes longer than the grace."""
        if member.process is None or member.pid is None:
            return
        member.process.terminate()
        try:
            member.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            effects.append("faults", kind="deploy past its grace", pids=[member.pid, *member.children()])
            os.killpg(member.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End everything: in order, then by force."""
        self._ending.set()
        self._supervisor.join()
        alive = [member.process for member in self.members if member.process and member.pid]
        for process in alive:
            process.terminate()
        for process in alive:
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    def _supervise(self) -> None:
        while not self._ending.wait(0.1):
            for member in self.members:
                if member.pid is None:
                    self._start_again(member)

    def _start_again(self, member: Member) -> None:
        if member.process is not None and not member.restart_at:
            member.restart_at = time.monotonic() + RESTART_SECONDS
        if time.monotonic() < member.restart_at:
            return
        member.restart_at = 0.0
        member.starts += 1
        there = member.host.words if member.host else []
        with (self.folder / f"{member.name}.log").open("ab") as log:
            member.process = subprocess.Popen(
                [*TETHER, *there, sys.executable, "-m", "celery", "-A", self._app, *member.words],
                cwd=BASE_DIR,
                env={**self.environment, effects.MACHINE: member.machine},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def _worker(name: str) -> list[str]:
    quiet = ["--without-gossip", "--without-mingle", "--loglevel=INFO"]
    return ["worker", "-c", "2", "-Q", ",".join(QUEUES), "-n", f"{name}@%h", *quiet]
