"""What `manage.py jobs schedule` prints for people: schedules, their fire times, their history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from django.utils import timezone
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from jobs.cli.printing import state_text, table
from jobs.cli.tables import facts_table, one_line_json
from jobs.phrases import distance_words, duration_words
from jobs.queries import Fire, ScheduleDetails, ShownChange


def schedules_table(schedules: Sequence[ScheduleDetails]) -> Table:
    """Return one row per schedule."""
    rows = table("Schedule", "Job", "State", "Rule", "Zone", "Next fire (UTC)", "Last run", "Late", "For")
    now = timezone.now()
    for each in schedules:
        state = Text("on", "green") if each.enabled else Text("paused", "yellow")
        following = f"{each.next_fire_at:%Y-%m-%d %H:%M:%S}" if each.next_fire_at else ""
        last = state_text(each.last_state) + Text(f" {distance_words(each.last_fire_at, now=now)}")
        texts = [Text(text) for text in (each.zone, following)]
        late = Text(duration_words(each.lateness_seconds))
        rows.add_row(Text(each.name), Text(each.job), state, Text(each.rule), *texts, last, late, Text(each.owner))
    return rows


def schedule_page(known: ScheduleDetails) -> RenderableType:
    """Return everything about one schedule."""
    rule = f"{known.rule}{f' ({known.zone})' if known.zone else ''}, written {known.rule_text}"
    last = f"{known.last_fire_at:%F %T} UTC" if known.last_fire_at else ""
    return facts_table(
        ("Schedule", known.name),
        ("Job", known.job),
        ("State", "on" if known.enabled else f"paused{f': {known.paused_reason}' if known.paused_reason else ''}"),
        ("Problem", known.problem),
        ("Rule", rule),
        ("Starts", known.start_at or ""),
        ("Ends", known.end_at or ""),
        ("Next fire", f"{known.next_fire_at:%F %T} UTC" if known.next_fire_at else ""),
        ("Last fire", last),
        ("Last run", f"{known.last_run} {known.last_state}" if known.last_run else ""),
        ("Late", duration_words(known.lateness_seconds)),
        ("Fires", str(known.fires)),
        ("Arguments", one_line_json({**dict(enumerate(known.args)), **known.kwargs})),
        ("Queue", known.queue),
        ("For", known.owner or "the system"),
        ("Late fires", f"{known.misfire}, grace {duration_words(known.grace_seconds)}"),
        ("Overlap", known.overlap),
        ("Jitter", duration_words(known.jitter_seconds) if known.jitter_seconds else ""),
        ("Failures", _failures(known)),
        ("Declared", "by the job" if known.declared else ""),
        ("About", known.description),
    )


def fire_line(fire: Fire) -> str:
    """Return a fire time in UTC, in its zone where that is another, and what the clocks do that day."""
    line = f"{fire.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if fire.local.utcoffset():
        line += f"  {fire.local:%a %Y-%m-%d %H:%M:%S %Z}"
    return f"{line}  {fire.note}" if fire.note else line


def changes_table(changes: Sequence[ShownChange]) -> Table:
    """Return one row per changed setting."""
    rows = table("Change", "When (UTC)", "Who", "Schedule", "What", "Setting", "Before", "After")
    for change in changes:
        what = f"{change.action}{f' change {change.reverts}' if change.reverts else ''}"
        first = [str(change.id), f"{change.at:%Y-%m-%d %H:%M:%S}", change.asker, change.schedule, what]
        for difference in change.differences:
            before, after = (
                "" if value is None else value if isinstance(value, str) else one_line_json(value)
                for value in (difference.before, difference.after)
            )
            rows.add_row(*(Text(text) for text in (*first, difference.setting, before, after)))
            first = [""] * len(first)
    return rows


def _failures(known: ScheduleDetails) -> str:
    words = f"{known.failures_in_row} in a row" if known.failures_in_row else ""
    most = f"pauses at {known.failures_to_pause}" if known.failures_to_pause else ""
    return ", ".join(part for part in (words, most) if part)
