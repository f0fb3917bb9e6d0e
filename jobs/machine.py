"""The processes of this machine as the kernel shows them (Linux): which are gone or stopped, and what they use.

A process is known by its pid and its birth, for a pid is given to another one day.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
# Of the fields after the command's name in /proc/PID/stat, see proc(5).
_STATE, _USER_TICKS, _SYSTEM_TICKS, _BIRTH = 0, 11, 12, 19
_ALL_TICKS = slice(11, 15)


class Life(Enum):
    """What is known of a process."""

    ALIVE = "alive, or not to be known"
    STOPPED = "stopped by a signal"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Process:
    """A process by pid and birth, in clock ticks since the machine started."""

    pid: int
    birth: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """Return the process that has the pid now; its birth is 0 where the kernel doesn't tell."""
        stat = _stat(pid)
        return cls(pid, int(stat[_BIRTH]) if stat else 0)

    def life(self) -> Life:
        """Return what is known of it: GONE and STOPPED are certain."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return Life.GONE
        except PermissionError:
            return Life.ALIVE
        stat = _stat(self.pid)
        if not stat or not self.birth:
            return Life.ALIVE
        if int(stat[_BIRTH]) != self.birth or stat[_STATE] in "ZX":
            return Life.GONE
        return Life.STOPPED if stat[_STATE] == "T" else Life.ALIVE

    def ticks(self) -> int:
        """Return the CPU time it has used so far, in clock ticks."""
        stat = _stat(self.pid)
        return int(stat[_USER_TICKS]) + int(stat[_SYSTEM_TICKS]) if stat else 0

    def kill(self) -> bool:
        """End it at once, unless it is this very process, another's by now, or not ours to end."""
        if self.pid == os.getpid() or not self.birth or self.life() is Life.GONE:
            return False
        try:
            os.kill(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return False
        return True


class Spent(NamedTuple):
    """What this process has used: CPU in seconds, its memory at most in bytes."""

    cpu_seconds: float
    max_rss: int


def spent() -> Spent:
    """Return what this process has used so far, by one call of the kernel."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Spent(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def family(pid: int) -> list[int]:
    """Return the process and all that descend from it, itself first; itself alone where the kernel doesn't tell."""
    found = [pid]
    for member in found:
        found += _children(member)
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that these processes have used, and those of their children that have ended."""
    ticks = sum(int(each) for pid in pids for each in _stat(pid)[_ALL_TICKS])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_bytes(pids: Iterable[int]) -> int:
    """Return the memory that these processes hold, what they share counted once; 0 where the kernel doesn't tell."""
    return sum(_proportional_set_size(pid) for pid in pids)


def name() -> str:
    """Return what tells this machine, with its table of processes, from every other; empty where that is unknown."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {os.readlink(PROC / 'self/ns/pid')}"[:200]
    except OSError:
        return ""


def _children(pid: int) -> list[int]:
    try:
        texts = [path.read_text() for path in (PROC / str(pid) / "task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for text in texts for child in text.split()]


def _proportional_set_size(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _stat(pid: int) -> list[str]:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()
