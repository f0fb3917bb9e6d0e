"""Real HTTP receivers on loopback, and a listener that counts whoever comes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Canary:
    """Listens on 127.0.0.1 and ::1 at the same port; nobody should come."""

    port: int
    visits: list[str] = field(default_factory=list)


@contextmanager
def listening_canary() -> Iterator[Canary]:
    """Listen until the block ends."""
    first = socket.create_server(("127.0.0.1", 0))
    canary = Canary(first.getsockname()[1])
    listeners = [first]
    with suppress(OSError):
        listeners.append(socket.create_server(("::1", canary.port), family=socket.AF_INET6))

    def count(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                stream, peer = listener.accept()
                canary.visits.append(str(peer))
                stream.close()

    threads = [threading.Thread(target=count, args=(listener,), daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    yield canary
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)
