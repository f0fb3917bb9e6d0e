"""How log lines look: JSON or console, each with the correlation id, run, job and attempt bound by the engine."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import structlog

from jobs.transport import BELL
from jobs.veil import veil_fields, veiled

# The real one: Celery replaces sys.stderr by a proxy that logs, and drops what a handler of ours would write to it.
_STDERR = "ext://sys.__stderr__"
_LINK = re.compile(r"/exchange/[^/\s]+")
_JSON = json.JSONEncoder(default=repr)
# Of the methods that have nothing of their own to add to a record.
_LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error", "critical")}


class Line(structlog.stdlib.ProcessorFormatter):
    """Makes a line of what came through structlog without a copy of its record, and of anything else as ever."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take the same as structlog's."""
        super().__init__(*args, **options)
        self._after_meta = tuple(self.processors)[1:]

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if not isinstance(record.msg, dict):
            return super().format(record)
        line: Any = record.msg.copy()
        for process in self._after_meta:
            line = process(None, record.levelname.lower(), line)
        return str(line)


class Logger(structlog.stdlib.BoundLogger):
    """Hands the record to the handlers itself: structlog and logging pass each line through six more calls."""

    def _proxy_to_logger(self, method_name: str, event: str | None = None, *event_args: str, **event_kw: Any) -> Any:
        level, logger = _LEVELS.get(method_name), self._logger
        if level is None:
            return super()._proxy_to_logger(method_name, event, *event_args, **event_kw)
        if not logger.isEnabledFor(level):
            return None
        if event_args:
            event_kw["positional_args"] = event_args
        try:
            (line,), given = self._process_event(method_name, event, event_kw)
        except structlog.DropEvent:
            return None
        # As Logger.info() does where it needn't find out who called.
        record = logger.makeRecord(
            logger.name, level, "(unknown file)", 0, line, (), None, "(unknown function)", given["extra"]
        )
        return logger.handle(record)


class WithoutBells(logging.Filter):
    """Drops Celery's lines of a bell that went well: each of its runs says all that there is to say."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be written."""
        told = getattr(record, "data", None)
        return record.levelno > logging.INFO or not isinstance(told, dict) or told.get("name") != BELL


def as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """Render the event, with one encoder for all of them."""
    return _JSON.encode(event)


def stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the time as structlog's own TimeStamper writes it (ISO, UTC), most of it made once in a second."""
    second, microsecond = divmod(time.time_ns() // 1000, 1_000_000)
    event["timestamp"] = f"{_second(second)}.{microsecond:06}Z" if microsecond else f"{_second(second)}Z"
    return event


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().removesuffix("+00:00")


def without_links(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take the tokens of magic links out of requested paths: who reads logs must not get in."""
    for name in ("request", "event"):
        if isinstance(value := event.get(name), str) and "/exchange/" in value:
            event[name] = _LINK.sub("/exchange/...", value)
    return event


def without_secrets(_logger: Any, _method: str, line: str) -> str:
    """Mask in the finished line what no log may hold: passwords in URLs, API tokens, sensitive arguments."""
    return veiled(line)


def veil_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask the same in the values, before they become a line: a number's mask must stand between quotes."""
    veil_fields(event)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    stamp,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    without_links,
    veil_values,
]

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": Line,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                as_json,
                without_secrets,
            ],
            "foreign_pre_chain": _SHARED,
        },
        "console": {
            "()": Line,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
                without_secrets,
            ],
            "foreign_pre_chain": _SHARED,
        },
    },
    "filters": {"bells": {"()": WithoutBells}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "console", "stream": _STDERR},
        "runs": {"()": "jobs.run_log.RunLog"},
    },
    "root": {"handlers": ["stderr", "runs"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "celery.worker.strategy": {"filters": ["bells"]},
        "celery.app.trace": {"filters": ["bells"]},
        "kombu": {"level": "WARNING"},
        "amqp": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
    },
}


def join_task_loggers(logger: logging.Logger, **_: Any) -> None:
    """Let what get_task_logger() makes log as all else does: Celery gives it a handler and a format of its own."""
    logger.handlers.clear()
    logger.propagate = True


def configure_structlog(log_format: str, level: str, *, keeps_lines_of_runs: bool) -> None:
    """Make structlog write through the standard library in the chosen format ('console' or 'json')."""
    if not keeps_lines_of_runs:
        LOGGING["root"]["handlers"] = ["stderr"]
    LOGGING["handlers"]["stderr"]["formatter"] = log_format
    LOGGING["root"]["level"] = level
    # No line says where it was logged: logging need not find out (its manual, "Optimization").
    logging._srcfile = None  # noqa: SLF001 - as documented
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=Logger,
        cache_logger_on_first_use=True,
    )
