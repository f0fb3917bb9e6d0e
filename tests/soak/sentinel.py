"""A Redis, its replica, and the Sentinel that makes the replica the master when the master is gone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import redis

from tests.plugins.polling import poll
from tests.soak.brokers import FREEZE_SECONDS, Broker, Redis
from tests.soak.own_server import LOOPBACK, Server, free_port

MASTER = "mymaster"
FAILOVER_SECONDS = 30.0


class Member(Redis):
    """One of the two, which begins as the master or as the other's replica."""

    leader: Member | None = None

    def command(self) -> list[str]:
        words = ["--replicaof", self.leader.address, str(self.leader.port)] if self.leader else []
        return [*super().command(), *words]

    def info(self) -> dict[str, Any]:
        """Return what it says of its part in the replication."""
        found: dict[str, Any] = self.client.info("replication")
        return found


class Watcher(Server):
    """The Sentinel, which finds a master gone after a second."""

    def __init__(self, folder: Path, master: Member) -> None:
        super().__init__(folder, address=master.address)
        self.port = free_port()
        self._config = folder / "sentinel.conf"
        self._config.write_text(
            f"port {self.port}\nbind {self.address}\ndir {folder}\n"
            f"sentinel monitor {MASTER} {master.address} {master.port} 1\n"
            f"sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 5000\n"
        )
        self._client = redis.Redis(self.address, self.port, socket_timeout=2, decode_responses=True)

    def command(self) -> list[str]:
        return ["redis-server", str(self._config), "--sentinel"]

    def answers(self) -> bool:
        try:
            state: Any = self._client.sentinel_master(MASTER)
        except redis.RedisError:
            return False
        return int(state["num-slaves"]) >= 1

    def port_of_master(self) -> int:
        """Return where clients are sent."""
        found: Any = self._client.sentinel_get_master_addr_by_name(MASTER)
        return int(found[1])


class Sentinel(Broker):
    """All three as one broker, whose faults are failovers: what the replica had not received yet is lost."""

    def __init__(self, folder: Path, *, address: str = LOOPBACK) -> None:
        super().__init__(folder, address=address)
        self._members = [Member(folder / name, address=address) for name in ("first", "second")]
        self._watcher = Watcher(folder / "sentinel", self._members[0])
        self.url = f"sentinel://{address}:{self._watcher.port}/0"
        self.faults = {
            "failover": self.fail_over,
            "wipe": self.wipe,
            "failover without data": lambda: self.fail_over(forget=True),
            "failover while frozen": self._fail_over_while_frozen,
        }

    def start(self) -> None:
        self._members[0].start()
        self._make_replica(self._members[1])
        self._watcher.start()
        self.version = f"{self._members[0].version} with Sentinel"

    def kill(self) -> None:
        for server in (self._watcher, *self._members):
            server.kill()

    def wipe(self) -> None:
        self._master().client.flushall()

    def fail_over(self, *, forget: bool = False) -> None:
        """Kill the master, let the other take over, start the killed one as its replica; `forget` empties it first."""
        old, new = self._master(), self._replica()
        old.kill()
        if forget:
            new.client.config_set("replica-read-only", "no")
            new.client.flushall()
        self._await_master(new)
        self._make_replica(old)

    def _fail_over_while_frozen(self) -> None:
        """Let the master hang until the other has taken over; it wakes up as one that takes itself for the master."""
        old, new = self._master(), self._replica()
        began = time.monotonic()
        old.freeze(FREEZE_SECONDS)
        self._await_master(new)
        poll(lambda: old.info()["role"] == "slave", within=FAILOVER_SECONDS + began - time.monotonic())

    def _make_replica(self, member: Member) -> None:
        member.leader = next(each for each in self._members if each is not member)
        member.start()
        poll(lambda: member.info().get("master_link_status") == "up", within=FAILOVER_SECONDS)

    def _await_master(self, member: Member) -> None:
        poll(lambda: self._watcher.port_of_master() == member.port, within=FAILOVER_SECONDS)
        poll(lambda: member.info()["role"] == "master", within=FAILOVER_SECONDS)

    def _master(self) -> Member:
        port = self._watcher.port_of_master()
        return next(member for member in self._members if member.port == port)

    def _replica(self) -> Member:
        master = self._master()
        return next(member for member in self._members if member is not master)
