"""Does the harm: carries out the schedule of faults, each noted with the processes it struck."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from tests.soak import effects, strikes
from tests.soak.brokers import Broker
from tests.soak.cluster import Cluster, Member
from tests.soak.databases import Database
from tests.soak.plan import Fault, Schedule

CUT_SECONDS = 14.0
SLOW = ("broker", "database", "freeze worker", "deploy", "cut host")


class Nemesis(threading.Thread):
    """Carries out a schedule; slow faults go on beside the next ones, one of each kind at a time."""

    def __init__(self, cluster: Cluster, broker: Broker, database: Database, *, seed: int) -> None:
        super().__init__(daemon=True)
        self.schedule = Schedule()
        self._cluster, self._broker, self._database = cluster, broker, database
        self._dice = random.Random(seed)
        # Servers end with the thread that starts them, so these threads live as long as the soak.
        self._lanes = {kind: ThreadPoolExecutor(1) for kind in SLOW}
        self._slow: list[Future[None]] = []
        self._acts: dict[str, Callable[[str], None]] = {
            "kill at": lambda point: self._arm(strikes.KILL, point),
            "freeze at": lambda point: self._arm(strikes.FREEZE, point),
            "kill child": self._kill_child,
            "kill worker": lambda _: self._kill_main(self._cluster.workers, "kill worker"),
            "kill group": self._kill_group,
            "kill beat": lambda _: self._kill_main(self._cluster.beats, "kill beat"),
            "freeze worker": self._freeze_worker,
            "deploy": self._deploy,
            "cut host": self._cut_host,
            "broker": self._hurt_broker,
            "database": self._hurt_database,
        }

    def run(self) -> None:
        """Carry out the schedule from now on."""
        began = time.monotonic()
        for number, fault in enumerate(self.schedule.faults):
            time.sleep(max(0.0, began + fault.at - time.monotonic()))
            self._carry_out(fault, number)
        wait(self._slow)

    def disarm(self, folder: Path) -> int:
        """Withdraw the warrants nobody came for; returns how many."""
        left = list((folder / "warrants").glob("*/*"))
        for path in left:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        return len(left)

    def _carry_out(self, fault: Fault, number: int) -> None:
        detail = fault.detail or str(number)
        if fault.kind not in SLOW:
            self._acts[fault.kind](detail)
            return
        self._slow.append(self._lanes[fault.kind].submit(self._slowly, fault.kind, detail))

    def _slowly(self, kind: str, detail: str) -> None:
        began = time.time()
        try:
            self._acts[kind](detail)
            effects.append("outages", kind=kind, began=began)
        except Exception as error:
            effects.append("faults", kind=f"nemesis failed at {kind} {detail}: {error!r}", pids=[])

    def _arm(self, act: str, point: str) -> None:
        strikes.arm(self._cluster.folder, act, point, number=time.monotonic_ns())

    def _kill_child(self, _: str) -> None:
        children = [(pid, worker.pid) for worker in self._cluster.workers for pid in worker.children()]
        if children:
            pid, parent = self._dice.choice(children)
            _note_and("kill child", [pid], lambda: os.kill(pid, signal.SIGKILL), parent=parent)

    def _kill_main(self, members: list[Member], kind: str) -> None:
        if (member := self._choice(members)) and (pid := member.pid):
            _note_and(kind, [pid, *member.children()], lambda: os.kill(pid, signal.SIGKILL))

    def _kill_group(self, _: str) -> None:
        if (member := self._choice(self._cluster.workers)) and (pid := member.pid):
            _note_and("kill group", [pid, *member.children()], lambda: os.killpg(pid, signal.SIGKILL))

    def _freeze_worker(self, _: str) -> None:
        if (member := self._choice(self._cluster.workers)) and (pid := member.pid):
            _note_and("freeze worker", [pid, *member.children()], lambda: os.killpg(pid, signal.SIGSTOP))
            time.sleep(strikes.FREEZE_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGCONT)

    def _deploy(self, _: str) -> None:
        if member := self._choice(self._cluster.members):
            effects.append("faults", kind="deploy", pids=[])
            self._cluster.deploy(member)

    def _cut_host(self, _: str) -> None:
        host = self._dice.choice(self._cluster.hosts)
        _note_and("cut host", self._cluster.pids_on(host), host.cut)
        time.sleep(CUT_SECONDS)
        host.join()

    def _hurt_broker(self, what: str) -> None:
        effects.append("faults", kind=f"broker {what}", pids=[])
        self._broker.faults[what]()

    def _hurt_database(self, what: str) -> None:
        effects.append("faults", kind=f"database {what}", pids=[])
        self._database.faults[what]()

    def _choice(self, members: list[Member]) -> Member | None:
        alive = [member for member in members if member.pid]
        return self._dice.choice(alive) if alive else None


def _note_and(kind: str, pids: list[int], strike: Callable[[], None], *, parent: int | None = None) -> None:
    effects.append("faults", kind=kind, pids=pids, parent=parent)
    with contextlib.suppress(ProcessLookupError):
        strike()
