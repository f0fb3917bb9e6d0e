"""Jobs under test that say much: in logs, errors, results and progress, also what they should keep to themselves."""

from __future__ import annotations

import logging

import structlog
from celery.utils.log import get_task_logger

from jobs import Retry, current_run, job

log = structlog.get_logger(__name__)
plain_log = logging.getLogger(__name__)
task_log = get_task_logger(__name__)


@job
def logs_lines(count: int = 1, word: str = "line") -> int:
    for number in range(count):
        current_run().log.info(word, number=number)
    return count


@job(pack=100)
def packed_logs(word: str) -> str:
    log.info(word, password="hunter2")
    return word


@job(queue="maintenance")
def spawns_in_maintenance() -> int:
    return len(current_run().spawn(packed_logs, [{"word": f"child {n}"} for n in range(2)], queue="maintenance"))


def open_box(code: str, url: str) -> None:
    raise OSError(5, f"no answer to {code}", url)


@job(sensitive=("code",), retry=Retry(attempts=2, wait=0.01))
def tells_everything(code: str, url: str, kind: str) -> None:
    """Tell both secrets wherever a careless job might, and end as `kind` says."""
    said = f"code {code} for {url}"
    log.info(said, code=code, url=url, nested={"deep": [code, url]})
    plain_log.warning("plain %s and %s", code, url)
    task_log.error("by Celery's logger: %s", code)
    current_run().progress(1, 2, note=f"at {url} with {code}")
    if kind == "retries" and current_run().attempt == 1:
        raise ValueError(f"{code} was refused by {url}")
    if kind == "fails":
        try:
            open_box(code, url)
        except OSError as error:
            raise RuntimeError(f"{code} was refused by {url}") from error
