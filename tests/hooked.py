"""A class-based job under test that notes each of Celery's hooks."""

from __future__ import annotations

from typing import Any

from celery import current_app

from jobs import Job, current_run
from jobs.policies import Declaration, Retry
from tests.notes import note


class Hooked(Job):
    """A class-based job that notes Celery's hooks."""

    name = "hooked"
    declaration = Declaration(queue="base", retry=Retry(attempts=3, wait=0.01))

    def run(self, outcome: str) -> str:
        note("run", attempt=current_run().attempt)
        if outcome == "fail" or (outcome == "retry" and current_run().attempt == 1):
            raise ValueError(outcome)
        return outcome

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        note("before_start")

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        note("on_success", retval=retval)

    def on_retry(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("on_retry")

    def on_failure(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("on_failure", error=type(exc).__name__)

    def after_return(  # noqa: PLR0917 - Celery's signature
        self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any
    ) -> None:
        note("after_return", status=status)


hooked = current_app.register_task(Hooked())
