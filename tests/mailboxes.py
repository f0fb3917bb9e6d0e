"""Mailboxes made by hand, for tests that read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

START = datetime(2026, 5, 1, 8, tzinfo=UTC)


def message(
    name: str,
    *,
    subject: str = "",
    sender: str = "bob@x.org",
    to: str = "anna@x.org",
    answers: str = "",
    at: timedelta = timedelta(),
    body: str = "Hello",
) -> bytes:
    """Return a plain message; `name` makes its Message-ID, `answers` names the one it replies to."""
    fields = {
        "From": sender,
        "To": to,
        "Subject": subject or name,
        "Date": format_datetime(START + at),
        "Message-ID": f"<{name}@x.org>",
        "In-Reply-To": f"<{answers}@x.org>" if answers else "",
    }
    head = "".join(f"{key}: {value}\n" for key, value in fields.items() if value)
    return f"{head}\n{body}\n".encode()


def write_mbox(path: Path, *messages: bytes) -> Path:
    """Append messages to an mbox file."""
    with path.open("ab") as file:
        file.writelines(b"From x@x.org Fri May  1 10:00:00 2026\n" + message + b"\n" for message in messages)
    return path
