"""A task's requests: the latest first, each thread's own, and what every job has instead of Celery's stack."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import Celery

from jobs.request_stack import RequestStack
from jobs.task import Job


def _nothing() -> None:
    """Be a job without work."""


def test_the_latest_request_is_on_top_and_leaves_first() -> None:
    requests = RequestStack()
    assert (requests.top, requests.pop(), len(requests)) == (None, None, 0)
    assert requests.push("outer") == ["outer"]
    requests.push("inner")
    assert (requests.top, len(requests), requests.stack) == ("inner", 2, ["outer", "inner"])
    assert (requests.pop(), requests.top) == ("inner", "outer")


def test_a_method_taken_from_it_serves_the_thread_that_calls_it() -> None:
    requests = RequestStack()
    push = requests.push
    push("here")
    with ThreadPoolExecutor(1) as other:
        assert other.submit(push, "there").result() == ["there"]
        assert other.submit(lambda: requests.top).result() == "there"
    assert requests.stack == ["here"]


def test_every_job_has_a_stack_of_its_own_and_keeps_it_when_bound_again() -> None:
    app: Any = Celery("requests", set_as_current=False, task_cls=Job)
    first, second = (app.task(name=name)(_nothing) for name in ("first", "second"))
    assert isinstance(first.request_stack, RequestStack) and first.request_stack is not second.request_stack
    kept = first.request_stack
    first.bind(app)
    assert first.request_stack is kept
    assert first.request.id is None
