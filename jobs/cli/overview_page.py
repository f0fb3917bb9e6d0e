"""What `jobs top` shows: how everything stands, one table below the other."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jobs.cli.printing import table
from jobs.cli.tables import queues_table
from jobs.models import Run, Worker
from jobs.phrases import cores_words, distance_words, duration_words, size_words
from jobs.queries import JobStatistics, Overview, run_seconds, worker_state

_TONES = {"alive": "green", "late": "yellow", "stopped": "dim", "lost": "red"}
_LONGEST_ERROR = 80


def overview_page(seen: Overview, *, period: str) -> RenderableType:
    """Return the overview; `period` says what its ends and failures go back to."""
    return Group(
        Text(f"Daybook  {seen.at:%Y-%m-%d %H:%M:%S} UTC", "bold"),
        _ended_line(seen.ended, period),
        *_part("Queues", queues_table(seen.queues)),
        *_part("Running now", _running_table(seen.running)),
        *_part("Workers and beats", _workers_table(seen)),
        *_part(f"Failed in the last {period}", _failed_table(seen)),
    )


def _part(title: str, rows: Table) -> tuple[RenderableType, ...]:
    return Text(), Text(title, "bold underline"), rows if rows.row_count else Text("none", "dim")


def _ended_line(ended: JobStatistics, period: str) -> Text:
    line = Text(f"last {period}: {ended.runs} ended")
    if ended.success_rate is not None:
        line.append(f", {100 * ended.success_rate:.4g} % well", "green" if not ended.failed else "yellow")
    line.append(f", {ended.failed} failed", "red" if ended.failed else "")
    line.append(f", {ended.retries} retries")
    for name, seconds in (
        ("took p50", ended.p50_seconds),
        ("p95", ended.p95_seconds),
        ("waited p95", ended.p95_wait_seconds),
    ):
        if seconds is not None:
            line.append(f", {name} {duration_words(seconds)}")
    return line


def _running_table(runs: list[Run]) -> Table:
    rows = table("Run", "Job", "Queue", "Attempt", "For", "So far", "Progress")
    for run in runs:
        facts = (run.queue, str(run.attempt), str(run.owner or "system"), duration_words(run_seconds(run)))
        rows.add_row(str(run.pk), Text(run.job), *(Text(fact) for fact in facts), Text(_progress(run)))
    return rows


def _progress(run: Run) -> str:
    told = run.progress or {}
    done, total = told.get("done"), told.get("total")
    share = "" if done is None else f"{done} of {total}" if total else str(done)
    return f"{share} {told.get('note') or ''}".strip()


def _workers_table(seen: Overview) -> Table:
    rows = table("Process", "State", "Heartbeat", "CPU", "Memory", "Age", "Queues")
    for worker in seen.workers:
        rows.add_row(*_worker_cells(worker, seen))
    return rows


def _worker_cells(worker: Worker, seen: Overview) -> tuple[Text, ...]:
    state = worker_state(worker)
    return (
        Text(f"{worker.name} (pid {worker.pid})"),
        Text(state, _TONES[state]),
        Text(distance_words(worker.heartbeat_at, now=seen.at)),
        Text(cores_words(worker.cpu_cores)),
        Text(size_words(worker.memory_bytes)),
        Text(duration_words((seen.at - worker.started_at).total_seconds())),
        Text(", ".join(worker.queues)),
    )


def _failed_table(seen: Overview) -> Table:
    rows = table("Run", "Job", "Ended", "Error")
    for run in seen.failed:
        error = f"{run.error_kind}: {run.error_message}".partition("\n")[0][:_LONGEST_ERROR]
        rows.add_row(str(run.pk), Text(run.job), Text(distance_words(run.finished_at, now=seen.at)), Text(error))
    return rows
