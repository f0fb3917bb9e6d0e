"""Prints a soak's figures as a table, and keeps the latest of each back end and size in docs/soak.md."""

from __future__ import annotations

import os
import platform
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from project.environment import BASE_DIR
from tests.soak.checker import Verdict
from tests.soak.plan import Size

PAGE = BASE_DIR / "docs" / "soak.md"
HEAD = """\
# Soak

Real workers and beats, killed and hurt while they work, and a checker that reads only the effect log, the acknowledged
enqueues and the final tables ([how](../tests/soak/)). Each section is written by the command it names; the figures are
those of that one run. A section is replaced when its back end is soaked again.

"Back in its queue" is counted from the fault that cost the attempt to the write that gives the run back, in the
database; the line below counts from the end of what stood in its way, where something did: the database away, a beat
killed. A message is sent again when the broker answers and the queue's window has room: behind a backlog of thousands
that takes as long as the backlog. On PostgreSQL every second worker counts as one of another machine: of it the beats
know nothing but its heartbeat.
"""
VIOLATIONS = (
    "lost", "wrongly ended", "execution doubled", "overlapping", "effect doubled", "effect lost",
    "success without effect", "result lost", "family broken", "unexpected", "left running", "live run rescued",
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """What the soak itself counted."""

    size: Size
    versions: str
    faults: Counter[str]
    restarts: int
    copies: int
    load_seconds: float
    drain_seconds: float
    slowest_enqueue: float


def table(verdict: Verdict, account: Account) -> str:
    """Return the figures as a Markdown table."""
    rows = [*_figures(verdict, account), *((kind, str(verdict.of(kind))) for kind in VIOLATIONS)]
    width = max(len(name) for name, _ in rows)
    lines = [f"| {name.ljust(width)} | {value} |" for name, value in rows]
    return "\n".join([f"| {'figure'.ljust(width)} | measured |", f"| {'-' * width} | --- |", *lines])


def keep(text: str, account: Account) -> None:
    """Write the table under its back end in docs/soak.md; the other sections stay."""
    size = account.size
    title = f"## {size.backend}" + ("" if size.kills else " without faults")
    command = f"SOAK_BACKEND={size.backend} SOAK_JOBS={size.jobs} SOAK_KILLS={size.kills} SOAK_SEED={size.seed}"
    command += f" SOAK_SECONDS={size.seconds:g}" if size.seconds else ""
    command += f" SOAK_ONLY='{','.join(size.only)}'" if size.only else ""
    section = (
        f"{title}\n\n{datetime.now(UTC):%F %R} UTC, {account.versions}, Python {platform.python_version()},"
        f" {os.cpu_count()} CPUs, {_memory_gb()} GB\n\n    {command} make soak\n\n{text}\n"
    )
    page = PAGE.read_text() if PAGE.exists() else HEAD
    sections = dict.fromkeys(re.findall(r"^## .+$", page, re.MULTILINE))
    parts = dict(zip(sections, re.split(r"^## .+$", page, flags=re.MULTILINE)[1:], strict=True))
    kept = {name: f"{name}{part.rstrip()}\n" for name, part in parts.items()}
    kept[title] = section
    PAGE.write_text("\n".join([HEAD, *(kept[name] for name in sorted(kept))]))


def _figures(verdict: Verdict, account: Account) -> list[tuple[str, str]]:
    given_back = [rescue.given_back for rescue in verdict.rescues]
    unhindered = [rescue.given_back for rescue in verdict.rescues if not rescue.is_hindered]
    from_the_end = [rescue.unhindered for rescue in verdict.rescues]
    rung = [(rescue.rung, rescue.broker_was_well) for rescue in verdict.rescues if rescue.rung is not None]
    kills = dict(sorted(account.faults.items()))
    return [
        *((name, str(count)) for name, count in verdict.counts.items()),
        ("process kills", str(sum(count for kind, count in kills.items() if kind.startswith("kill")))),
        *((f"fault: {kind}", str(count)) for kind, count in kills.items()),
        ("processes started again", str(account.restarts)),
        ("messages delivered twice", str(account.copies)),
        ("back in its queue after a fault, p50 / p99 / longest", _quantiles(given_back)),
        ("the same, counted from the end of what stood in its way", _quantiles(from_the_end)),
        ("the same, only where nothing did", _quantiles(unhindered)),
        ("its message sent again after a fault", _quantiles([seconds for seconds, _ in rung])),
        ("the same, only while the broker was well", _quantiles([seconds for seconds, well in rung if well])),
        ("slowest enqueue", f"{account.slowest_enqueue:.2f} s"),
        ("load / drain", f"{account.load_seconds:.0f} s / {account.drain_seconds:.0f} s"),
        ("seed", str(account.size.seed)),
    ]


def _quantiles(values: list[float]) -> str:
    if not values:
        return "none"
    values = sorted(values)
    middle, late = values[len(values) // 2], values[min(len(values) - 1, int(len(values) * 0.99))]
    return f"{middle:.1f} / {late:.1f} / {values[-1]:.1f} s of {len(values)}"


def _memory_gb() -> int:
    words = Path("/proc/meminfo").read_text().split()
    return round(int(words[1]) / 2**20)
