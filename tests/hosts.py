"""Hosts on this one machine: network namespaces on a bridge, each of which can be cut off (Linux, root)."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_TOOLS = ("ip", "nft", "nsenter")
_CUT = "add table inet cut; " + "; ".join(
    f"add chain inet cut {way} {{ type filter hook {way} priority 0; policy drop; }}" for way in ("input", "output")
)


def why_not() -> str:
    """Return why there can be no hosts here; empty when there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        return f"network namespaces need {', '.join(missing)}"
    try:
        with Network("x") as network:
            network.hosts["x"].cut()
    except subprocess.CalledProcessError as error:
        return f"no network namespaces here: {error.stderr.strip()}"
    return ""


@dataclass(frozen=True, slots=True)
class Host:
    """One host: what runs behind its `words` has its network."""

    name: str
    namespace: str

    @property
    def words(self) -> list[str]:
        """Return what comes before a command that shall run there."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}"]

    def cut(self) -> None:
        """Drop every packet from and to it, without a word to anybody."""
        _run(*self.words, "nft", _CUT)

    def join(self) -> None:
        """Let packets pass again."""
        _run(*self.words, "nft", "delete table inet cut")


class Network:
    """A bridge with an address of this machine's own, at which servers for the hosts listen."""

    def __init__(self, *names: str) -> None:
        """Name the hosts; nothing is made yet."""
        self._id = f"{os.getpid() % 100_000:05}{random.randrange(100):02}"
        # 198.18.0.0/15 is set aside for tests of networks (RFC 2544).
        self._net = f"198.18.{random.randrange(256)}"
        self.address = f"{self._net}.1"
        self.hosts = {name: Host(name, f"daybook-{self._id}-{name}") for name in names}

    def __enter__(self) -> Self:
        try:
            _run("ip", "link", "add", self._bridge, "type", "bridge")
            _run("ip", "address", "add", f"{self.address}/24", "dev", self._bridge)
            _run("ip", "link", "set", self._bridge, "up")
            for number, host in enumerate(self.hosts.values(), start=2):
                self._connect(host, number)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._remove()

    @property
    def _bridge(self) -> str:
        return f"day{self._id}"

    def _connect(self, host: Host, number: int) -> None:
        here = f"d{self._id}-{number}"
        _run("ip", "netns", "add", host.namespace)
        _run("ip", "link", "add", here, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
        _run("ip", "link", "set", here, "master", self._bridge, "up")
        _run(*host.words, "ip", "link", "set", "lo", "up")
        _run(*host.words, "ip", "address", "add", f"{self._net}.{number}/24", "dev", "eth0")
        _run(*host.words, "ip", "link", "set", "eth0", "up")

    def _remove(self) -> None:
        for host in self.hosts.values():
            _run("ip", "netns", "delete", host.namespace, check=False)
        _run("ip", "link", "delete", self._bridge, check=False)


def _run(*words: str, check: bool = True) -> None:
    subprocess.run(words, check=check, capture_output=True, text=True, timeout=30)
