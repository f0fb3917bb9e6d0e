"""A TCP way to a server that can turn into a black hole: connections stay open, and nothing comes through."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class BlackHole:
    """Forwards until it is silent; what was sent meanwhile is gone, and those connections never speak again."""

    def __init__(self, target: Path | tuple[str, int], *, address: str = "127.0.0.1") -> None:
        self._target = target
        self._listener = socket.create_server((address, 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self.silent = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        for each in [self._listener, *self._open]:
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._open.append(near)
                if self.silent.is_set():
                    continue
                far = self._connect()
                self._open.append(far)
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _connect(self) -> socket.socket:
        if not isinstance(self._target, Path):
            return socket.create_connection(self._target)
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(self._target))
        return far

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        is_swallowed = False
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                is_swallowed = is_swallowed or self.silent.is_set()
                if not is_swallowed:
                    target.sendall(data)
            target.close()
