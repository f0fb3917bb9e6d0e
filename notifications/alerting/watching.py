"""Looks for what is wrong: failed and missed runs, dead letters, spent budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from ingestion.llm.budget import day_start
from ingestion.llm.recording import budget_in_force
from ingestion.models import LLMCall
from jobs.models import Run
from jobs.states import State
from notifications.alerting.pace import repetitions
from notifications.alerting.raising import raise_alert
from notifications.conf import conf
from notifications.models import Alert

Kind = Alert.Kind
LONGEST = 1000


@dataclass
class Seen:
    """What went wrong in the same way: how often, and the latest run."""

    times: int = 0
    run: Run | None = None


def watch_ended(runs: Iterable[Run], *, now: datetime) -> None:
    """Raise alerts for these failed and missed runs, oldest first; what is the same is counted first, then raised."""
    groups: defaultdict[tuple[str, str], Seen] = defaultdict(Seen)
    for run in runs:
        seen = groups[run.state, _key(run)]
        seen.times, seen.run = seen.times + 1, run
    for (state, key), seen in groups.items():
        assert seen.run is not None
        if state == State.FAILED:
            _failed(key, seen.run, seen.times, now)
        else:
            raise_alert(
                Kind.MISSED,
                key,
                f"Missed: {seen.run.job}",
                times=seen.times,
                text=seen.run.reason,
                **_of(seen.run, now),
            )


def watch_state(*, now: datetime) -> None:
    """Raise alerts for what is wrong right now."""
    _dead_letters(now)
    _budgets(now)


def _key(run: Run) -> str:
    cause = run.error_fingerprint or run.error_kind if run.state == State.FAILED else run.schedule_id
    return f"{run.job}:{cause}"


def _failed(key: str, run: Run, times: int, now: datetime) -> None:
    text = f"{run.error_kind}: {run.error_message}"[:LONGEST]
    raise_alert(Kind.FAILURE, key, f"Failed: {run.job}", times=times, text=text, **_of(run, now))
    count = Alert.objects.filter(key=f"{Kind.FAILURE}:{key}"[:200]).values_list("count", flat=True).first() or 0
    if again := repetitions(count, new=times):
        raise_alert(Kind.REPEATED, key, f"Fails again and again: {run.job}", times=again, text=text, **_of(run, now))


def _of(run: Run, now: datetime) -> dict[str, Any]:
    return {"now": now, "run_id": run.pk, "correlation_id": run.correlation_id}


def _dead_letters(now: datetime) -> None:
    open_ones = Run.objects.dead_letters()
    total = open_ones.count()
    if total < conf().alert_dead_letters:
        return
    by_job = open_ones.values("job").annotate(number=Count("pk")).order_by("-number", "job")[:5]
    text = "\n".join(f"- {row['job']}: {row['number']}" for row in by_job)
    raise_alert(Kind.DEAD_LETTERS, "all", f"{total} dead letters wait for a person", now=now, text=text)


def _budgets(now: datetime) -> None:
    budget = budget_in_force()
    if not budget.is_bounded():
        return
    spent = LLMCall.objects.filter(created_at__gte=day_start(now), owner__isnull=False).values("owner")
    for row in spent.annotate(tokens=Sum("tokens_in") + Sum("tokens_out"), cost=Sum("cost")):
        if words := budget.spent_by(tokens=row["tokens"], cost=row["cost"]):
            title = f"User {row['owner']} has spent today's language model budget"
            key = f"{row['owner']}:{now:%F}"
            raise_alert(Kind.BUDGET, key, title, now=now, text=f"{words} since midnight UTC", times=0)
