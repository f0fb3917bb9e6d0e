"""A lane performs its roles when they are due, goes on after a failure, and can be hurried."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from jobs.scheduling.lane import Lane
from jobs.scheduling.role import Role
from project.celery import app

WAIT_SECONDS = 10


def test_a_role_that_fails_stops_no_other_and_is_tried_again() -> None:
    done: list[str] = []

    def fails(*, now: datetime) -> int:
        done.append("fails")
        raise ValueError("on purpose")

    lane = Lane("lane", [Role("fails", 0.0, fails), Role("works", 0.0, lambda *, now: done.append("works"))])
    lane.perform()
    lane.perform()
    assert done == ["fails", "works", "fails", "works"]


def test_a_role_that_is_not_due_is_left_and_the_wait_is_short_even_then() -> None:
    done: list[str] = []
    lane = Lane("lane", [Role("rare", 3600.0, lambda *, now: done.append("rare"))])
    assert [lane.perform(), lane.perform()] == [0.5, 0.5]
    assert done == ["rare"]


def test_only_what_found_something_calls_for_what_follows() -> None:
    called: list[str] = []
    idle = Lane("idle", [Role("idle", 0.0, lambda *, now: 0)], after_finding=lambda: called.append("idle"))
    busy = Lane("busy", [Role("busy", 0.0, lambda *, now: 2)], after_finding=lambda: called.append("busy"))
    idle.perform()
    busy.perform()
    assert called == ["busy"]


def test_a_hurried_lane_performs_its_eager_roles_at_once_and_the_others_in_their_time() -> None:
    first, second, done = threading.Event(), threading.Event(), []

    def eager(*, now: datetime) -> int:
        done.append("eager")
        (second if first.is_set() else first).set()
        return 0

    roles = [Role("eager", 3600.0, eager, eager=True), Role("calm", 3600.0, lambda *, now: done.append("calm"))]
    lane = Lane("lane", roles)
    lane.start(app)
    assert first.wait(WAIT_SECONDS)
    lane.hurry()
    assert second.wait(WAIT_SECONDS)
    lane.end()
    lane.wait_for_end(until=time.monotonic() + WAIT_SECONDS)
    assert done == ["eager", "calm", "eager"]
