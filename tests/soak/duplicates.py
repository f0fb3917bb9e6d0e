"""Delivers every message of the soak a second time, straight into the broker, some seconds after the first."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from kombu import Connection

from tests.soak import effects
from tests.soak.sentinel import MASTER

LATEST_SECONDS = 8.0


class Duplicates(threading.Thread):
    """Follows the log of messages and publishes a copy of each; a copy the broker refuses is dropped."""

    def __init__(self, folder: Path, broker_url: str, *, seed: int) -> None:
        super().__init__(daemon=True)
        self.sent = self.refused = 0
        self._log, self._url = folder / "messages.jsonl", broker_url
        self._dice = random.Random(seed)
        self._ending = threading.Event()
        self._waiting: deque[tuple[float, effects.Line]] = deque()

    def end(self) -> None:
        """Stop following."""
        self._ending.set()
        self.join()

    def run(self) -> None:
        """Follow the log until told to end."""
        while not self._log.exists() and not self._ending.wait(0.1):
            pass
        with self._log.open() as log:
            while not self._ending.wait(0.1):
                for text in log:
                    self._waiting.append((time.monotonic() + self._dice.uniform(0, LATEST_SECONDS), json.loads(text)))
                self._send_due()

    def _send_due(self) -> None:
        now = time.monotonic()
        due = [line for at, line in self._waiting if at <= now]
        if not due:
            return
        self._waiting = deque(entry for entry in self._waiting if entry[0] > now)
        options = {"socket_connect_timeout": 1, "socket_timeout": 2, "master_name": MASTER}
        options = {} if self._url.startswith("amqp") else options
        try:
            with Connection(self._url, connect_timeout=1, transport_options=options) as connection:
                producer = connection.Producer(serializer="json")
                for line in due:
                    _publish(producer, line)
                    self.sent += 1
        except Exception:
            self.refused += 1


def _publish(producer: Any, line: effects.Line) -> None:
    task_id = line["headers"]["id"]
    producer.publish(
        line["body"], routing_key=line["queue"], exchange="", headers=line["headers"], correlation_id=task_id
    )
