"""The tables of `manage.py jobs` about queues, workers, dead letters and checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jobs import quarantine
from jobs.cli.printing import table
from jobs.dead_letters import Group as DeadLetters
from jobs.doctor import Finding
from jobs.inflight import Misfit
from jobs.models import ApiToken, BadMessage, Worker
from jobs.phrases import cores_words, distance_words, duration_words, size_words
from jobs.queries import JobStatistics, QueueDetails, worker_state
from jobs.wire import masked

_LONGEST_TEXT = 100


def dead_letters_table(groups: Sequence[DeadLetters]) -> Table:
    """Return one row per job and error."""
    rows = table("Open", "Job", "Fingerprint", "First", "Last", "Error")
    now = timezone.now()
    for group in groups:
        times = [distance_words(at, now=now) for at in (group.first_at, group.last_at)]
        rows.add_row(str(group.count), group.job, group.fingerprint, *times, _line(f"{group.kind}: {group.message}"))
    return rows


def queues_table(queues: Sequence[QueueDetails]) -> Table:
    """Return one row per queue."""
    rows = table("Queue", "State", "Waiting", "Longest wait", "Running", "Workers")
    for queue in queues:
        state = Text("served", "green") if queue.workers else Text("no worker", "red")
        if queue.paused_at:
            by = f" by {queue.paused_by}" if queue.paused_by else ""
            state = Text(f"paused since {queue.paused_at:%F %T} UTC{by}", "yellow")
        wait = duration_words(queue.longest_wait_seconds)
        rows.add_row(queue.name, state, str(queue.waiting), wait, str(queue.running), str(queue.workers))
    return rows


def workers_table(workers: Sequence[Worker]) -> Table:
    """Return one row per node."""
    rows = table("Worker", "Kind", "State", "Heartbeat", "CPU", "Memory", "Queues", "At once", "Started", "Code")
    now = timezone.now()
    for worker in workers:
        state = worker_state(worker)
        rows.add_row(
            f"{worker.name} (pid {worker.pid})",
            worker.get_kind_display(),
            Text(state, "green" if state == "alive" else "red" if state == "lost" else "yellow"),
            distance_words(worker.heartbeat_at, now=now),
            cores_words(worker.cpu_cores),
            size_words(worker.memory_bytes),
            ", ".join(worker.queues),
            str(worker.concurrency),
            distance_words(worker.started_at, now=now),
            worker.code_version,
        )
    return rows


def statistics_table(found: Sequence[JobStatistics]) -> Table:
    """Return one row per job."""
    rows = table(
        "Job", "Runs", "Succeeded", "Failed", "Others", "Retries", "Mean", "p50", "p95", "p99", "Wait p95", "Last"
    )
    now = timezone.now()
    for each in found:
        rate = "" if each.success_rate is None else f" ({100 * each.success_rate:.4g} %)"
        times = (each.average_seconds, each.p50_seconds, each.p95_seconds, each.p99_seconds, each.p95_wait_seconds)
        rows.add_row(
            each.job,
            str(each.runs),
            f"{each.succeeded}{rate}",
            str(each.failed),
            str(each.cancelled + each.skipped + each.missed),
            str(each.retries),
            *(duration_words(seconds) for seconds in times),
            distance_words(each.last_finished_at, now=now),
        )
    return rows


def tokens_table(tokens: Sequence[ApiToken]) -> Table:
    """Return one row per token."""
    rows = table("Token", "User", "Begins", "Scopes", "Expires", "Last used", "State")
    now = timezone.now()
    for each in tokens:
        times = [distance_words(at, now=now) for at in (each.expires_at, each.last_used_at)]
        state = "revoked" if each.revoked_at else "in force" if each.expires_at > now else "expired"
        rows.add_row(each.name, str(each.user), each.beginning, ", ".join(each.scopes), *times, state)
    return rows


def messages_table(messages: Sequence[BadMessage]) -> Table:
    """Return one row per quarantined message."""
    rows = table("Message", "Job", "Queue", "Received", "Size", "What is wrong")
    now = timezone.now()
    for each in messages:
        wrong = f"{each.get_reason_display()}{f': {each.detail}' if each.detail else ''}"
        received = distance_words(each.received_at, now=now)
        rows.add_row(str(each.pk), each.job, each.queue, received, size_words(each.size), _line(wrong))
    return rows


def message_page(message: BadMessage) -> RenderableType:
    """Return everything about one quarantined message."""
    facts = facts_table(
        ("Message", str(message.pk)),
        ("Wrong", message.get_reason_display()),
        ("Detail", message.detail),
        ("Job", message.job),
        ("Task id", message.task_id),
        ("Queue", message.queue),
        ("Received", f"{message.received_at:%F %T} UTC"),
        ("Size", size_words(message.size)),
        ("Content type", message.content_type),
        ("Headers", one_line_json(masked(message.headers))),
    )
    return Group(facts, Text("Body", "bold"), Text(quarantine.as_text(message)))


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return one row per part that was examined."""
    rows = table("Part", "", "What was found", "How to mend it")
    for each in findings:
        verdict = Text("ok", "green") if each.ok else Text("WRONG", "bold red")
        rows.add_row(each.part, verdict, Text(each.found), Text(each.remedy))
    return rows


def misfits_table(misfits: Sequence[Misfit]) -> Table:
    """Return one row per thing that would not run."""
    rows = table("What", "Job", "Problem")
    for misfit in misfits:
        rows.add_row(Text(misfit.what), Text(misfit.job), Text(misfit.problem))
    return rows


def facts_table(*pairs: tuple[str, str]) -> Table:
    """Return the facts that have a value, one a line."""
    facts = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value:
            facts.add_row(Text(name, style="bold"), Text(value))
    return facts


def _line(text: str) -> Text:
    return Text(text.partition("\n")[0][:_LONGEST_TEXT])


def one_line_json(value: Any) -> str:
    """Return the value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, default=str)
