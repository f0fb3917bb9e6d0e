"""Statistics count every end once: across beats, restarts, late commits, replays and clearing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobs import ledger, operations, queries
from jobs.histogram import bucket_of, merged, quantile
from jobs.models import CountedUntil, EarlierEnd, HourTally, MinuteTally, Run
from jobs.rollup import OLDEST, count_ends
from jobs.states import FINAL, State
from tests.commands import jobs, jobs_json, refused
from tests.integration.jobs.conftest import all_at_once
from tests.rows import NOON, new_run, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("PW-4")]
NOW = NOON + timedelta(hours=1, minutes=7, seconds=23)


def ended(at: datetime, *, took: float = 1.0, waited: float = 0.5, **columns: Any) -> Run:
    started = at - timedelta(seconds=took)
    due = started - timedelta(seconds=waited)
    given = {"state": State.SUCCESS, "created_at": due, "run_at": due, "started_at": started, "finished_at": at}
    return saved_run(**{**given, "attempt": 1, **columns})


def count_all(now: datetime = NOW) -> None:
    while count_ends(now=now):
        pass


def tallies_kept() -> list[list[dict[str, Any]]]:
    kept: tuple[type[MinuteTally | HourTally], ...] = (MinuteTally, HourTally)
    return [[{**row, "id": 0} for row in model.objects.order_by("start").values()] for model in kept]


def totals(**given: Any) -> dict[str, int]:
    [known] = queries.statistics(**given)
    names = ("runs", "succeeded", "failed", "cancelled", "skipped", "missed", "retries")
    return {name: getattr(known, name) for name in names if getattr(known, name)}


def test_tallies_are_what_a_recount_of_the_rows_says() -> None:
    dice = random.Random(7)
    rows = []
    for number in range(400):
        state = dice.choice(sorted(FINAL))
        started = NOON + timedelta(seconds=dice.uniform(0, 4000))
        rows.append(
            new_run(
                state=state,
                job=f"job {number % 3}",
                queue=dice.choice(["base", "ai"]),
                attempt=dice.randint(0, 3),
                run_at=started - timedelta(seconds=dice.expovariate(1)),
                started_at=started if state in {State.SUCCESS, State.FAILED} else None,
                finished_at=started + timedelta(seconds=dice.expovariate(0.3)),
            )
        )
    Run.objects.bulk_create(rows)
    count_all()
    for known in queries.statistics(now=NOW):
        mine = [run for run in rows if run.job == known.job]
        states = Counter(run.state for run in mine)
        timed = [run for run in mine if run.started_at and run.finished_at]
        took = [(run.finished_at - run.started_at).total_seconds() for run in timed]  # type: ignore[operator]
        waits = [(run.started_at - run.run_at).total_seconds() for run in timed]  # type: ignore[operator]
        assert known.runs == len(mine)
        assert (known.succeeded, known.failed, known.cancelled) == (
            states[State.SUCCESS],
            states[State.FAILED],
            states[State.CANCELLED],
        )
        assert (known.skipped, known.missed) == (states[State.SKIPPED], states[State.MISSED])
        assert known.retries == sum(max(run.attempt - 1, 0) for run in mine)
        assert known.average_seconds == pytest.approx(sum(took) / len(took))
        assert known.average_wait_seconds == pytest.approx(sum(waits) / len(waits))
        assert known.longest_seconds == pytest.approx(max(took))
        assert known.p95_seconds == quantile(merged({str(bucket_of(each)): 1} for each in took), 0.95)
        assert known.p95_wait_seconds == quantile(merged({str(bucket_of(each)): 1} for each in waits), 0.95)
        assert known.last_finished_at == max(run.finished_at for run in mine if run.finished_at)


def test_counting_again_changes_nothing() -> None:
    ended(NOW - timedelta(seconds=5))
    ended(NOW - timedelta(minutes=30), state=State.FAILED)
    count_all()
    before = tallies_kept()
    for seconds in range(0, 700, 10):
        count_ends(now=NOW + timedelta(seconds=seconds))
    assert tallies_kept() == before


def test_an_end_is_counted_by_the_next_pass() -> None:
    count_all()
    ended(NOW + timedelta(seconds=1))
    count_ends(now=NOW + timedelta(seconds=10))
    assert totals() == {"runs": 1, "succeeded": 1}


def test_an_end_that_is_committed_an_hour_late_is_counted_all_the_same() -> None:
    ended(NOW - timedelta(seconds=1), job="sample")
    count_all()
    ended(NOW - timedelta(minutes=50))
    for minute in range(10):
        for second in range(0, 60, 10):
            count_ends(now=NOW + timedelta(minutes=minute, seconds=second))
    assert totals() == {"runs": 2, "succeeded": 2}


def test_what_ended_while_no_beat_ran_is_counted_by_the_next() -> None:
    ended(NOW - timedelta(hours=5))
    count_all(NOW - timedelta(hours=4))
    for minutes in range(0, 180, 9):
        ended(NOW - timedelta(minutes=minutes))
    assert count_ends(now=NOW) == 1
    count_all()
    assert totals() == {"runs": 21, "succeeded": 21}


def test_a_replay_keeps_the_end_that_it_takes_back() -> None:
    run = ended(NOW - timedelta(seconds=30), state=State.FAILED)
    assert ledger.replay(run.pk, now=NOW)
    Run.objects.filter(pk=run.pk).update(state=State.SUCCESS, started_at=NOW, finished_at=NOW)
    for minute in range(130):
        count_ends(now=NOW + timedelta(minutes=minute))
    assert totals() == {"runs": 2, "succeeded": 1, "failed": 1}
    assert EarlierEnd.objects.count() == 0


def test_cleared_statistics_begin_anew_and_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ended(NOW - timedelta(seconds=30), job="one")
    ended(NOW - timedelta(seconds=30), job="other")
    count_all()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW - timedelta(seconds=20))
    assert operations.clear_statistics("one") == 1
    ended(NOW - timedelta(seconds=10), job="one", state=State.FAILED)
    count_all(NOW + timedelta(seconds=20))
    assert totals(job="one") == {"runs": 1, "failed": 1}
    assert totals(job="other") == {"runs": 1, "succeeded": 1}
    operations.clear_statistics()
    assert queries.statistics() == []


def test_hours_too_old_to_show_are_added_up_and_stay_in_the_totals() -> None:
    for days in (40, 39, 38):
        ended(NOW - timedelta(days=days))
        count_all(NOW - timedelta(days=days))
    count_all()
    assert totals() == {"runs": 3, "succeeded": 3}
    assert [tally.start for tally in HourTally.objects.all()] == [OLDEST]
    assert queries.statistics(hours=24, now=NOW) == []


@pytest.mark.django_db(transaction=True)
def test_two_beats_count_each_end_once() -> None:
    for minutes in range(60):
        ended(NOW - timedelta(minutes=minutes))
    CountedUntil.objects.create(at=NOW - timedelta(hours=1))
    all_at_once([count_all, count_all])
    assert totals() == {"runs": 60, "succeeded": 60}


def test_a_series_has_every_step_and_every_end() -> None:
    for minutes in (0, 1, 1, 59):
        ended(NOW - timedelta(minutes=minutes))
    count_all()
    points = queries.series(period=timedelta(hours=1), steps=30, now=NOW)
    assert len(points) == 30
    assert sum(point.succeeded for point in points) == 4
    assert (points[0].succeeded, points[-1].succeeded) == (1, 3)
    overall, each = queries.statistics_of_period(period=timedelta(hours=1), now=NOW)
    assert (overall.runs, [job.runs for job in each]) == (4, [4])


def test_the_command_tells_and_clears() -> None:
    ended(NOW - timedelta(seconds=30), job="one", state=State.FAILED)
    ended(NOW - timedelta(seconds=30), job="two")
    count_all()
    assert [(row["job"], row["failed"], row["success_rate"]) for row in jobs_json("stats")] == [
        ("one", 1, 0),
        ("two", 0, 1),
    ]
    assert "two" in jobs("stats", "two")
    assert refused("clear")[0] == 2
    assert jobs_json("clear", "one") == {"hours": 1}
    assert [row["job"] for row in jobs_json("stats")] == ["two"]
    assert jobs_json("clear", "--all") == {"hours": 1}
