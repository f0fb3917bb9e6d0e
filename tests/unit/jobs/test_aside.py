"""A duty aside: in its own thread, one call at a time, its failure its own."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from jobs.scheduling.aside import Aside

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_what_it_waits_for_holds_nobody_up_and_it_is_not_begun_twice() -> None:
    may_end, calls = threading.Event(), []

    def duty(*, now: datetime) -> None:
        calls.append(now)
        may_end.wait(10)

    aside = Aside(duty)
    assert [aside(now=NOW), aside(now=NOW)] == [0, 0]
    may_end.set()
    assert aside._thread is not None
    aside._thread.join(10)
    assert calls == [NOW]
    aside(now=NOW)
    aside._thread.join(10)
    assert calls == [NOW, NOW]


def test_its_failure_ends_the_call_alone() -> None:
    calls = []

    def duty(*, now: datetime) -> None:
        calls.append(now)
        raise OSError("no route")

    aside = Aside(duty)
    for _ in range(2):
        aside(now=NOW)
        assert aside._thread is not None
        aside._thread.join(10)
    assert len(calls) == 2
