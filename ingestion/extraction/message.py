"""Text of a mail that is attached to a mail."""

from __future__ import annotations

from datetime import UTC, datetime

from ingestion.mime import parse


def message_text(content: bytes) -> str:
    """Return sender, subject and text of the attached mail; what is attached to that one is not opened.

    Raises:
        ValueError: it has none of them.
    """
    mail = parse(content, size=len(content), now=datetime.now(UTC))
    lines = [f"{mail.sender.name} {mail.sender.address}".strip(), mail.subject, "", mail.text]
    text = "\n".join(lines).strip()
    if not text:
        raise ValueError("; ".join(mail.problems))
    return text
