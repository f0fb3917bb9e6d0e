"""Looks for what is wrong: failed and missed runs, dead letters, spent budgets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Sum

from ingestion.conf import conf as ingestion_conf
from ingestion.models import LLMCall
from jobs.models import Run
from jobs.states import State
from notifications.alerting.pace import is_repeated
from notifications.alerting.raising import raise_alert
from notifications.conf import conf
from notifications.models import Alert

Kind = Alert.Kind
LONGEST = 1000


def watch_ended(runs: Iterable[Run], *, now: datetime) -> None:
    """Raise alerts for these failed and missed runs."""
    for run in runs:
        if run.state == State.FAILED:
            _failure(run, now)
        elif run.state == State.MISSED:
            raise_alert(
                Kind.MISSED,
                f"{run.job}:{run.schedule_id}",
                f"Missed: {run.job}",
                now=now,
                text=run.reason,
                run_id=run.pk,
                correlation_id=run.correlation_id,
            )


def watch_state(*, now: datetime) -> None:
    """Raise alerts for what is wrong right now."""
    _dead_letters(now)
    _budgets(now)


def _failure(run: Run, now: datetime) -> None:
    key = f"{run.job}:{run.error_fingerprint or run.error_kind}"
    text = f"{run.error_kind}: {run.error_message}"[:LONGEST]
    seen = {"now": now, "text": text, "run_id": run.pk, "correlation_id": run.correlation_id}
    raise_alert(Kind.FAILURE, key, f"Failed: {run.job}", **seen)  # type: ignore[arg-type]
    count = Alert.objects.filter(key=f"{Kind.FAILURE}:{key}"[:200]).values_list("count", flat=True).first() or 0
    if is_repeated(count):
        raise_alert(Kind.REPEATED, key, f"Fails again and again: {run.job}", **seen)  # type: ignore[arg-type]


def _dead_letters(now: datetime) -> None:
    open_ones = Run.objects.dead_letters()
    total = open_ones.count()
    if total < conf().alert_dead_letters:
        return
    by_job = open_ones.values("job").annotate(number=Count("pk")).order_by("-number", "job")[:5]
    text = "\n".join(f"- {row['job']}: {row['number']}" for row in by_job)
    raise_alert(Kind.DEAD_LETTERS, "all", f"{total} dead letters wait for a person", now=now, text=text)


def _budgets(now: datetime) -> None:
    tokens, cost = ingestion_conf().llm_daily_tokens, Decimal(ingestion_conf().llm_daily_cost)
    if not tokens and not cost:
        return
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    spent = LLMCall.objects.filter(created_at__gte=day, created_at__lt=day + timedelta(days=1)).values("owner")
    for row in spent.annotate(tokens=Sum("tokens_in") + Sum("tokens_out"), cost=Sum("cost")):
        if (tokens and row["tokens"] >= tokens) or (cost and row["cost"] >= cost):
            text = f"{row['tokens']} tokens, {row['cost'].normalize():f} in money since midnight UTC"
            title = f"User {row['owner']} has spent today's language model budget"
            raise_alert(Kind.BUDGET, f"{row['owner']}:{day:%F}", title, now=now, text=text, times=0)
