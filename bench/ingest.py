"""Ingesting mail: how many a second from a folder to rows, classes and index, and how long a single one takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.children import environment_of, figures_of
from bench.ground import Ground
from bench.mails import mails, write_maildir
from bench.section import Section, table
from bench.targets import INGEST

SECONDS = 1800
CHILD = Path(__file__).with_name("ingest_child.py")
STEPS = (
    ("sync", "fetched, understood and stored, in pages"),
    ("classification", "classified by the rules"),
    ("search", "indexed for search, by words and by meaning"),
)
KINDS = (
    ("plain cpu", "a mail without files: CPU of our process for it, and its share of storing its page"),
    ("plain wall", "the same by the clock, with PostgreSQL"),
    ("all cpu", "any mail, likewise"),
    ("all wall", "the same by the clock, with the processes that read PDF and DOCX"),
)


class Ingesting:
    """The part that BENCH calls ingest; BENCH_MAILS sets its size."""

    name, by_default = "ingest", True

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Ingest the mails twice: once on end, once with a watch on each."""
        name, contents = mails()
        folder = write_maildir(ground.folder / "mails", contents)
        found = figures_of(CHILD, str(folder), environment=environment_of(ground, "ingest"), seconds=SECONDS)
        return Section("Ingesting mail", "\n".join(_told(name, found)), {"corpus": name, **found})


def _told(name: str, found: dict[str, Any]) -> list[str]:
    steps = [_step(words, found[step]) for step, words in STEPS]
    kinds = [_kind(words, found["each"][kind]) for kind, words in KINDS]
    said = [target.told(found["each"], ()) for target in INGEST]
    return [
        f"{found['sync']['mails']:,} mails of {name}: {found['stored']:,} stored, the others are copies;",
        f"{found['broken']:,} marked as broken with a reason, {found['threads']:,} threads, {found['files']:,} files.",
        "One process does the work.",
        "",
        table(["step", "mails", "mails/s", "CPU ms a mail"], steps),
        "",
        table(["each mail by itself, ms", "mails", "p50", "p95", "max"], kinds),
        "",
        *(f"- {words}" for words in said),
    ]


def _step(words: str, found: dict[str, float]) -> list[str]:
    mails_done = found["mails"]
    rate, cpu = mails_done / found["seconds"], 1000 * found["cpu_seconds"] / mails_done
    return [words, f"{mails_done:,.0f}", f"{rate:,.0f}", f"{cpu:.1f}"]


def _kind(words: str, found: dict[str, float]) -> list[str]:
    return [words, f"{found['mails']:,.0f}", *(f"{found[name]:.1f}" for name in ("value", "p95", "max"))]
