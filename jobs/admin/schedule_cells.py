"""Cells of the list of schedules; every value is escaped."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_celery_beat.models import PeriodicTask

from jobs import queries
from jobs.markup import NOTHING, badge, clipped, moment, nowrap, state_badge, two_lines
from jobs.models import Run
from jobs.phrases import duration_words
from jobs.schedule_words import rule_words, zone_words

_LATE_SECONDS = 60


def rule_cell(schedule: PeriodicTask) -> SafeString:
    """Return the rule in words over its zone."""
    return two_lines(rule_words(schedule), zone_words(schedule))


def state_cell(schedule: PeriodicTask) -> SafeString:
    """Return whether it fires; what the engine paused, or can't fire, says why."""
    plan = getattr(schedule, "plan", None)
    if plan and plan.problem and schedule.enabled:
        return two_lines(badge("Can't fire", tone="bad"), clipped(plan.problem))
    if schedule.enabled:
        return badge("On", tone="good")
    if plan and plan.paused_reason:
        return two_lines(badge("Paused", tone="warn"), clipped(plan.paused_reason))
    return badge("Paused", tone="quiet")


def fire_cell(schedule: PeriodicTask, *, now: datetime) -> SafeString:
    """Return the next fire by the schedule's own clock, over how soon, or how overdue, it is."""
    plan = getattr(schedule, "plan", None)
    if plan is None or plan.next_fire_at is None or not schedule.enabled:
        return NOTHING
    overdue = queries.overdue_seconds(schedule, now=now)
    below = badge(f"{duration_words(overdue)} overdue", tone="bad") if overdue else moment(plan.next_fire_at, now=now)
    return two_lines(nowrap(local_words(plan.next_fire_at, schedule)), below)


def last_run_cell(schedule: PeriodicTask, last: Run | None, *, now: datetime) -> SafeString:
    """Return the last run's state, linked, over how long ago it was due and how late it started."""
    if last is None:
        plan = getattr(schedule, "plan", None)
        return moment(plan.last_fire_at if plan else schedule.last_run_at)
    link = format_html('<a href="{}">{}</a>', reverse("admin:jobs_run_change", args=[last.pk]), state_badge(last.state))
    due = moment(last.fire_at, now=now)
    if last.started_at is None or last.fire_at is None:
        return two_lines(link, due)
    late = (last.started_at - last.fire_at).total_seconds()
    words = format_html(
        '<span class="{}">{} late</span>', "daybook-late" if late >= _LATE_SECONDS else "", duration_words(late)
    )
    return two_lines(link, nowrap(format_html("{} · {}", due, words)))


def local_words(at: datetime, schedule: PeriodicTask) -> str:
    """Return a time by the schedule's clock, with the name of its zone."""
    return f"{at.astimezone(ZoneInfo(zone_words(schedule) or 'UTC')):%Y-%m-%d %H:%M %Z}"
