"""What log lines must not hold."""

from __future__ import annotations

import json
import logging
from datetime import date

import pytest
from structlog.stdlib import ProcessorFormatter

from jobs.transport import BELL
from project.logs import LOGGING, Line, WithoutBells, without_links


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
