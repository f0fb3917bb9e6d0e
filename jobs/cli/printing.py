"""Prints what `manage.py jobs` has to say: tables for people, JSON for programs."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, cast

from django.core.management.base import BaseCommand, OutputWrapper
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django_typer.utils import get_current_command
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from jobs.explain import Reason
from jobs.models import Run
from jobs.phrases import attempts_words, distance_words, duration_words
from jobs.queries import JobDetails, LogLine, RunDetails, run_seconds
from jobs.states import State

WIDTH_WITHOUT_TERMINAL = 160
COLOURS: dict[str, str] = {
    State.SCHEDULED: "dim",
    State.QUEUED: "blue",
    State.RUNNING: "cyan",
    State.RETRYING: "yellow",
    State.SUCCESS: "green",
    State.FAILED: "red",
    State.CANCELLED: "dim",
    State.SKIPPED: "dim",
    State.MISSED: "yellow",
}
_LEVELS = {"error": "red", "critical": "bold red", "warning": "yellow", "debug": "dim"}
_TONES = {"good": "green", "bad": "red", "warn": "yellow", "info": "blue", "busy": "cyan", "quiet": "dim"}


def stdout() -> OutputWrapper:
    """Return the standard output of the command under way."""
    return cast("BaseCommand", get_current_command()).stdout


def print_json(out: OutputWrapper, value: Any) -> None:
    """Print the value as indented JSON."""
    out.write(json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder))


def print_rich(out: OutputWrapper, what: RenderableType) -> None:
    """Print for people: coloured on a terminal, plain and wide elsewhere."""
    terminal = out.isatty()
    text = io.StringIO()
    width = None if terminal else WIDTH_WITHOUT_TERMINAL
    Console(file=text, force_terminal=terminal, width=width, highlight=False).print(what)
    out.write(text.getvalue(), ending="")


def state_text(state: str) -> Text:
    """Return the state in its colour."""
    return Text(state, style=COLOURS.get(state, ""))


def jobs_table(jobs: Sequence[JobDetails]) -> Table:
    """Return one row per job."""
    rows = table("Job", "Queue", "Schedule", "Guards", "Arguments", "What it does")
    for job in jobs:
        rows.add_row(job.name, job.queue, job.schedule, ", ".join(job.guards), _signature(job), escape(job.about))
    return rows


def runs_table(runs: Sequence[Run]) -> Table:
    """Return one row per run."""
    rows = table("Run", "Job", "State", "Enqueued", "Took", "Attempts", "For", "Error or reason")
    now = timezone.now()
    for run in runs:
        remark = (
            f"{run.error_kind}: {run.error_message}" if run.error_kind and run.state != State.SUCCESS else run.reason
        )
        rows.add_row(
            str(run.pk),
            run.job,
            state_text(run.state),
            distance_words(run.created_at, now=now),
            duration_words(run_seconds(run)),
            attempts_words(run.attempt, most=run.max_attempts),
            str(run.owner or "system"),
            Text(remark.partition("\n")[0][:80]),
        )
    return rows


def run_page(known: RunDetails) -> Group:
    """Return everything about one run."""
    run = known.run
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("Run", str(run.pk)),
        ("Job", run.job),
        ("State", state_text(run.state)),
        ("Correlation", run.correlation_id),
        ("Queue", run.queue),
        ("For", str(run.owner or "system")),
        ("Arguments", Text(_one_line({**dict(enumerate(known.args)), **known.kwargs}))),
        ("Reason", Text(run.reason if not known.reasons else "")),
        ("Why", Text("\n".join(reason_line(reason) for reason in known.reasons))),
        ("Error", Text(f"{run.error_kind}: {run.error_message}" if run.error_kind else "")),
        ("Result", Text(_one_line(known.result) if known.has_result else "")),
        ("Children", ", ".join(f"{child.job} {child.state}" for child in known.children)),
    ):
        if str(value):
            facts.add_row(Text(name, style="bold"), value)
    life = table("When (UTC)", "What", "Took", "Detail")
    for moment in known.moments:
        life.add_row(
            f"{moment.at:%Y-%m-%d %H:%M:%S}" if moment.at else "",
            Text(moment.what, style=_TONES[moment.tone]),
            duration_words(moment.seconds),
            Text(moment.detail),
        )
    trace = [Text(known.trace, style="dim")] if known.trace and run.state != State.SUCCESS else []
    return Group(facts, life, *trace)


def reason_line(reason: Reason) -> str:
    """Return why a run waits, with what can be done about it."""
    return f"{reason.text} ({reason.remedy})" if reason.remedy else reason.text


def log_line(line: LogLine) -> Text:
    """Return a logged line as a terminal shows it; the traceback below."""
    words = " ".join(f"{name}={_word(value)}" for name, value in line.fields.items())
    first = f"{line.at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f" {line.attempt} {line.level:8} {line.text}"
    text = Text(" ".join(part for part in (first, words) if part), style=_LEVELS.get(line.level, ""))
    return text.append(f"\n{line.trace.rstrip()}", style="dim") if line.trace else text


def _word(value: Any) -> str:
    return value if isinstance(value, str) else _one_line(value)


def _signature(job: JobDetails) -> str:
    required = set(job.arguments.get("required", []))
    names = job.arguments.get("properties", {})
    return escape(" ".join(name if name in required else f"[{name}]" for name in names))


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)


def table(*headings: str) -> Table:
    """Return an empty table without lines."""
    return Table(*headings, box=None, header_style="bold", pad_edge=False)
