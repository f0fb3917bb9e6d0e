"""What log lines hold, and what they must not."""

from __future__ import annotations

import json
import logging
from datetime import date
from typing import Any

import pytest
import structlog
import time_machine
from structlog.stdlib import BoundLogger, ProcessorFormatter

from jobs.transport import BELL
from project.logs import LOGGING, Line, Logger, WithoutBells, stamp, without_links


@pytest.mark.parametrize("name", ["request", "event"])
def test_a_magic_links_token_stays_out_of_the_log(name: str) -> None:
    event = {name: "GET /exchange/6NMMUCaZUVM8KOz9E_Kb/ HTTP/1.1", "code": 200}
    assert without_links(None, "info", event) == {name: "GET /exchange/.../ HTTP/1.1", "code": 200}


def test_a_line_of_structlog_is_made_as_its_own_formatter_does_and_leaves_its_record_alone() -> None:
    event = {"event": "run ended", "seconds": 0.5, "at": date(2026, 1, 2), "url": "smtp://me:hidden@host"}
    record = logging.LogRecord("jobs", logging.INFO, "", 0, event, (), None)
    vars(record).update(_logger=logging.getLogger("jobs"), _name="info")
    processors = [ProcessorFormatter.remove_processors_meta, *LOGGING["formatters"]["json"]["processors"][1:]]
    line = Line(processors=processors).format(record)
    assert line == ProcessorFormatter(processors=processors).format(record)
    assert json.loads(line) == {**event, "at": "datetime.date(2026, 1, 2)", "url": "smtp://me:***@host"}
    assert record.msg is event and event["url"] == "smtp://me:hidden@host"


@pytest.mark.parametrize(
    ("task", "level", "is_written"),
    [(BELL, logging.INFO, False), (BELL, logging.ERROR, True), ("noted", logging.INFO, True)],
)
def test_a_bell_that_went_well_leaves_no_line(task: str, level: int, *, is_written: bool) -> None:
    told = {"id": "1", "name": task}
    record = logging.LogRecord("celery.app.trace", level, "", 0, "Task %(name)s", (told,), None)
    record.data = told
    assert WithoutBells().filter(record) is is_written
    assert all(
        "bells" in LOGGING["loggers"][name]["filters"] for name in ("celery.app.trace", "celery.worker.strategy")
    )


@pytest.mark.parametrize(
    "moment", ["2026-11-30T18:53:50.000120Z", "2026-11-30T18:53:50Z", "2026-12-31T23:59:59.999999Z"]
)
def test_a_line_is_stamped_as_structlog_does(moment: str) -> None:
    stock = structlog.processors.TimeStamper(fmt="iso", utc=True)
    with time_machine.travel(moment, tick=False):
        assert stamp(None, "info", {}) == stock(None, "info", {}) == {"timestamp": moment}


@pytest.mark.parametrize("method", ["debug", "info", "warning", "error", "critical", "exception", "fatal"])
@pytest.mark.parametrize("level", [logging.INFO, logging.ERROR])
def test_a_record_is_made_as_structlog_and_logging_make_it(method: str, level: int) -> None:
    ours, stock = (_records(kind, method, level) for kind in (Logger, BoundLogger))
    assert ours == stock
    assert len(ours) == (getattr(logging, "ERROR" if method == "exception" else method.upper()) >= level)


class Kept(logging.Handler):
    """Keeps what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def _records(kind: type[BoundLogger], method: str, level: int) -> list[dict[str, Any]]:
    """Return what a logger of that kind makes of one call, but for what differs between any two records."""
    logger = logging.Logger("of a test", level)  # noqa: LOG001 - one that nobody else has
    logger.addHandler(kept := Kept())
    processors: Any = [structlog.stdlib.add_log_level, ProcessorFormatter.wrap_for_formatter]
    bound: Any = kind(logger, processors, {"bound": 1})
    try:
        int("nothing")
    except ValueError:
        getattr(bound, method)("said %s", "so", field=[2])
    differing = ("created", "msecs", "relativeCreated", "exc_info", "_logger")
    return [
        {**{name: value for name, value in vars(record).items() if name not in differing}, "exc": bool(record.exc_info)}
        for record in kept.records
    ]
