"""Programs under measurement with all their children: started, their CPU and memory read from /proc, ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from project.environment import BASE_DIR

STOP_SECONDS = 2.0
# Started programs are at rest once they use less than this share of a core for a second.
REST_CORES, REST_SECONDS, MOST_REST_SECONDS = 0.15, 1.0, 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Tree:
    """Started programs and their descendants."""

    def __init__(self, commands: list[list[str]], environment: dict[str, str], output: Path) -> None:
        """Start them, each in a session of its own."""
        self.output = output
        with output.open("wb") as stream:
            self._started = [
                subprocess.Popen(
                    words, cwd=BASE_DIR, env=environment, stdout=stream, stderr=stream, start_new_session=True
                )
                for words in commands
            ]

    @property
    def pids(self) -> set[int]:
        """Return the processes that live now."""
        return descendants(program.pid for program in self._started)

    def is_alive(self) -> bool:
        """Whether every started program still runs."""
        return all(program.poll() is None for program in self._started)

    def tail(self) -> str:
        """Return the end of what they wrote."""
        return self.output.read_text(errors="replace")[-2000:]

    def settle(self) -> None:
        """Wait until they have started and are at rest, or have had long enough for it."""
        deadline = time.monotonic() + MOST_REST_SECONDS
        while time.monotonic() < deadline:
            pids = self.pids
            used = cpu_seconds(pids)
            time.sleep(REST_SECONDS)
            if pids == self.pids and cpu_seconds(pids) - used < REST_CORES * REST_SECONDS:
                return

    def stop(self) -> None:
        """Ask them to end, then end them."""
        for program in self._started:
            if program.poll() is None:
                program.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(program.poll() is None for program in self._started):
            time.sleep(0.05)
        for program in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def descendants(roots: Iterable[int]) -> set[int]:
    """Return the processes with these ids and all that descend from them."""
    parents = dict(_parents())
    found = {pid for pid in roots if pid in parents}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU that these processes have used, with that of children they have waited for."""
    used = 0
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used += sum(int(word) for word in words[11:15])
    return used / _TICKS


def pss_bytes(pids: Iterable[int]) -> int:
    """Return the processes' proportional share of memory: shared pages are counted once over all sharers."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found[1]) * 1024 if found else 0
    return total


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(path.parent.name), int(words[1])
