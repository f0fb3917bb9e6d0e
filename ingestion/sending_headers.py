"""Which headers of a mail tell how it was sent: by a list, a machine, in a hurry; kept with the mail for the model."""

from __future__ import annotations

from email.message import Message

KEPT = (
    "Auto-Submitted",
    "Importance",
    "List-Id",
    "List-Unsubscribe",
    "Precedence",
    "X-Auto-Response-Suppress",
    "X-Priority",
)
LONGEST = 200


def sending_headers(message: Message) -> dict[str, str]:
    """Return the kept headers that `message` has, names in lower case, values as printable text of bounded length."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        if name.title() in KEPT and name.lower() not in found:
            found[name.lower()] = _printable(str(value))
    return found


def _printable(value: str) -> str:
    one_line = " ".join(value.split())
    return "".join(c if c.isprintable() else "?" for c in one_line)[:LONGEST]
