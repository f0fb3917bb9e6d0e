"""Writes the sample as an mbox file."""

from __future__ import annotations

import os
import re
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from ingestion.samples.corpus import SampleMessage, corpus
from ingestion.samples.rendering import render

FROM_LINE = re.compile(rb"^(>*From )", re.MULTILINE)


def write_sample_mailbox(path: Path | str, *, now: datetime) -> int:
    """Write the sample to `path`, oldest message first, and return the number of messages.

    The file appears complete or not at all. Its bytes depend on the date of `now` (aware) alone; the Message-IDs on
    nothing, so that reading a sample written on another day adds nothing.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    messages = sorted(corpus(), key=lambda sample: sample.sent_at(now=now))
    part = target.with_suffix(".part")
    with part.open("wb") as file:
        for sample in messages:
            file.write(_entry(sample, now=now))
    os.replace(part, target)
    return len(messages)


def _entry(sample: SampleMessage, *, now: datetime) -> bytes:
    sender = parseaddr(sample.sender)[1] or "MAILER-DAEMON"
    separator = f"From {sender} {sample.sent_at(now=now):%a %b %e %H:%M:%S %Y}\n"
    content = FROM_LINE.sub(rb">\1", render(sample, now=now))
    return separator.encode() + content.rstrip(b"\n") + b"\n\n"
