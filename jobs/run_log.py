"""Keeps the last lines that each run logs: taken from logging at once, written by a thread, many runs in one insert.

A job's log call never waits for the database; what a process logged in its last half second may be lost with it.
One of the handlers in settings.LOGGING, made before the models are loaded.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.apps import apps
from django.db import DatabaseError, connection

from jobs.conf import conf
from jobs.veil import veiled_value
from jobs.wire import json_safe, masked

if TYPE_CHECKING:
    from django.db.models import Manager

    from jobs.models import LogChunk

FLUSH_SECONDS = 0.5
LONGEST_TEXT = 4_000
MOST_HELD = 8_000_000
_MOST_FOLLOWED = 2_000
# What these say of a run, its row says too.
_ENGINES = ("jobs.attempt", "celery.app.trace", "celery.worker")
_BOUND = ("event", "timestamp", "level", "logger", "run_id", "job", "attempt", "correlation_id", "exc_info", "stack")

log = structlog.get_logger(__name__)


class Page:
    """The newest lines of one run that are not written yet."""

    def __init__(self, attempt: int) -> None:
        self.attempt, self.size = attempt, 0
        self.lines: deque[str] = deque()

    def add(self, line: str, *, most_lines: int, most_size: int) -> int:
        """Add a line, dropping the oldest beyond the bounds; returns by how much the page grew."""
        before = self.size
        self.lines.append(line)
        self.size += len(line)
        while len(self.lines) > most_lines or (self.size > most_size and len(self.lines) > 1):
            self.size -= len(self.lines.popleft())
        return self.size - before


class RunLog(logging.Handler):
    """Takes the lines logged while a run is active, and writes them from a thread of its own."""

    def __init__(self, *, threaded: bool = True) -> None:
        """Begin empty; without a thread nothing is written but by `flush_runs`."""
        super().__init__()
        self._threaded = threaded
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._pages: OrderedDict[UUID, Page] = OrderedDict()
        self._held = 0
        self._written: OrderedDict[UUID, int] = OrderedDict()
        self._guard, self._writing = threading.RLock(), threading.Lock()
        self._any, self._urgent = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take the line, if a run is active here."""
        if record.name.startswith(_ENGINES):
            return
        bound = structlog.contextvars.get_contextvars()
        if "run_id" not in bound or not conf().run_log_lines:
            return
        try:
            self._take(UUID(bound["run_id"]), int(bound["attempt"]), line_of(record, int(bound["attempt"])))
        except Exception:
            self.handleError(record)
        self._any.set()
        if record.levelno >= logging.ERROR:
            self._urgent.set()

    def _take(self, run_id: UUID, attempt: int, line: str) -> None:
        limits = conf()
        with self._guard:
            page = self._pages.setdefault(run_id, Page(attempt))
            self._held += page.add(line, most_lines=limits.run_log_lines, most_size=limits.run_log_bytes)
            while self._held > MOST_HELD and len(self._pages) > 1:
                self._held -= self._pages.popitem(last=False)[1].size
            if self._threaded and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="run log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._any.wait()
            self._urgent.wait(FLUSH_SECONDS)
            self._any.clear()
            self._urgent.clear()
            self.flush_runs()
            connection.close()

    def flush_runs(self) -> None:
        """Write what is held; what a database that is away doesn't take is held on, within the bounds."""
        with self._writing:
            with self._guard:
                pages, self._pages, self._held = self._pages, OrderedDict(), 0
            if not pages:
                return
            try:
                _chunks().bulk_create(_chunk(run_id, page) for run_id, page in pages.items())
                self._trim(pages)
            except DatabaseError as error:
                log.warning("log lines wait for the database", runs=len(pages), error=str(error))
                self._hold_on(pages)

    def _hold_on(self, pages: Mapping[UUID, Page]) -> None:
        limits = conf()
        with self._guard:
            for run_id, page in pages.items():
                newer = self._pages.pop(run_id, None)
                for line in newer.lines if newer else ():
                    page.add(line, most_lines=limits.run_log_lines, most_size=limits.run_log_bytes)
                self._pages[run_id] = page
            self._held = sum(page.size for page in self._pages.values())

    def _trim(self, pages: Mapping[UUID, Page]) -> None:
        """Delete the oldest chunks of runs that have written much, or in an attempt before this one."""
        most = conf().run_log_lines
        for run_id, page in pages.items():
            is_followed = run_id in self._written
            written = self._written.pop(run_id, 0) + len(page.lines)
            if written >= most or (page.attempt > 1 and not is_followed):
                forget_oldest(run_id)
                written = 0
            self._written[run_id] = written
        while len(self._written) > _MOST_FOLLOWED:
            self._written.popitem(last=False)


def flush() -> None:
    """Write at once what runs have logged in this process."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RunLog):
            handler.flush_runs()


def forget_oldest(run_id: UUID) -> None:
    """Delete the run's chunks beyond the bounds of lines and size; the newest always stays."""
    limits = conf()
    lines = size = 0
    for chunk in _chunks().filter(run_id=run_id).only("id", "lines", "size").order_by("-id"):
        if lines >= limits.run_log_lines or size >= limits.run_log_bytes:
            _chunks().filter(run_id=run_id, id__lte=chunk.pk).delete()
            return
        lines, size = lines + chunk.lines, size + chunk.size


def line_of(record: logging.LogRecord, attempt: int) -> str:
    """Return the record as one line of JSON, masked as arguments are."""
    event = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage(), "exc_info": record.exc_info}
    fields = {str(name): value for name, value in event.items() if name not in _BOUND and not name.startswith("_")}
    line = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
        "attempt": attempt,
        "level": record.levelname.lower(),
        "text": str(event.get("event", ""))[:LONGEST_TEXT],
        "fields": _clipped(masked(json_safe(fields))),
        "trace": _trace(event.get("exc_info") or record.exc_info)[-LONGEST_TEXT:],
    }
    return json.dumps({name: veiled_value(value) for name, value in line.items() if value}, ensure_ascii=False)


def _clipped(fields: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(fields, ensure_ascii=False)
    return fields if len(text) <= LONGEST_TEXT else {"fields": text[:LONGEST_TEXT]}


def _trace(found: Any) -> str:
    error: BaseException | None = None
    match sys.exc_info() if found is True else found:
        case BaseException():
            error = found
        case (_, BaseException() as raised, TracebackType() | None):
            error = raised
    return "".join(traceback.format_exception(error)) if error else ""


def _chunks() -> Manager[LogChunk]:
    return apps.get_model("jobs", "LogChunk")._default_manager  # noqa: SLF001 - Django's documented API


def _chunk(run_id: UUID, page: Page) -> LogChunk:
    text = "\n".join(page.lines)
    return _chunks().model(run_id=run_id, lines=len(page.lines), size=len(text), text=text)
