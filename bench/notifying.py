"""Notifying: how many signals of important mail are made a second, and how many go out to a mail server here."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.children import environment_of, figures_of
from bench.ground import Ground
from bench.processes import Tree
from bench.section import Section, table

SECONDS = 900
CHILD = Path(__file__).with_name("notifying_child.py")
STEPS = (
    ("signals", "important mails became signals, each with its delivery"),
    ("deliveries", "deliveries went out by SMTP, each claimed, sent and settled"),
)


class Notifying:
    """The part that BENCH calls notifications; BENCH_NOTICES sets its size."""

    name, by_default = "notifications", True

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Tell users of one mail each, once."""
        notices = os.environ.get("BENCH_NOTICES", "1000")
        with mail_sink(ground.folder) as url:
            environment = environment_of(ground, "notifying", EMAIL_URL=url)
            found = figures_of(CHILD, notices, environment=environment, seconds=SECONDS)
        return Section("Notifying", "\n".join(_told(found)), found)


@contextmanager
def mail_sink(folder: Path) -> Iterator[str]:
    """Serve SMTP in a process that takes every mail and keeps none; yields its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}"]
    tree = Tree([words], dict(os.environ), folder / "sink.log")
    try:
        _wait_for(port, tree)
        yield f"smtp://127.0.0.1:{port}"
    finally:
        tree.stop()


def _wait_for(port: int, tree: Tree) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until or not tree.is_alive():
                raise RuntimeError(f"no mail server answers\n{tree.tail()}") from None
            time.sleep(0.05)
        else:
            return


def _told(found: dict[str, Any]) -> list[str]:
    rows = [_step(words, found[step]) for step, words in STEPS]
    return [
        f"One process, one user and one e-mail per signal; {found['unsent']:,} deliveries were left unsent.",
        "",
        table(["step", "number", "a second", "CPU ms each"], rows),
    ]


def _step(words: str, found: dict[str, float]) -> list[str]:
    count = found["count"]
    return [words, f"{count:,.0f}", f"{count / found['seconds']:,.0f}", f"{1000 * found['cpu_seconds'] / count:.1f}"]
