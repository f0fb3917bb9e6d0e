"""A digest: several notices that would have come one by one, in one message."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from django.contrib.auth.base_user import AbstractBaseUser

from notifications.composing.wording import Notice, addressed, written
from notifications.models import Delivery, Preference


def digest_of(deliveries: Sequence[Delivery], *, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return one notice that says what these deliveries would have said, oldest first; only titles where short.

    It greets and takes leave once, not with every part.
    """
    facts = {**addressed(user, preference), "count": len(deliveries), "first": deliveries[0].heading}
    frame = written("digest", preference.language, facts).body.splitlines()
    parts = [
        {"title": each.heading, "rule": "-" * min(len(each.heading), 72), "body": without_frame(each.text, frame)}
        for each in deliveries
    ]
    return written("digest", preference.language, {**facts, "parts": parts})


def without_frame(text: str, frame: Sequence[str]) -> str:
    """Return the text without the first and last lines that it shares with the frame: greeting and leave."""
    lines = text.splitlines()
    first = _shared(lines, frame)
    last = _shared(lines[first:][::-1], frame[::-1])
    return "\n".join(lines[first : len(lines) - last]).strip()


def _shared(lines: Sequence[str], frame: Sequence[str]) -> int:
    pairs = zip(lines, frame, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
