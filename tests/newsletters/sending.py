"""Functions under test, written against Django's tasks API alone."""

from __future__ import annotations

import time
from typing import Any

from jobs.tasks_api import TaskContext, task
from tests.notes import noted_body


@task
def send(letter: int, *, to: str = "all") -> dict[str, Any]:
    with noted_body(label=to):
        return {"letter": letter, "to": [to]}


@task(priority=-100, queue_name="email")
async def send_later(letter: int) -> int:
    return letter


@task(takes_context=True)
def tells(context: TaskContext[Any, Any], more: str = "") -> list[Any]:
    result = context.task_result
    return [result.id, context.attempt, str(result.status), result.args, more]


@task
def bounces() -> None:
    raise LookupError("no such reader")


@task
def answers_strangely() -> object:
    return object()


def undeclared() -> None:
    """No task: a backend is asked what it would make of it."""


@task(takes_context=True)
def outlives_its_worker(context: TaskContext[Any, Any]) -> int:
    with noted_body():
        if context.attempt == 1:
            time.sleep(60)
        return context.attempt
