"""What a person may ask of kept copies of Redis keys: give them back."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from jobs import audit, kept_keys, queries
from jobs.kept_keys import GivenBack


def restore_keys(pattern: str, *, life: timedelta) -> GivenBack:
    """Write the copies of these keys back to the watched Redis, to live so long; what Redis holds is left alone.

    `pattern` is a key, or the beginning of keys with a star.

    Raises: RefusedError where no Redis is watched; UndecryptableError; redis.RedisError when it doesn't answer.
    """
    with kept_keys.watched() as client, transaction.atomic():
        outcome = kept_keys.give_back(client, queries.kept_keys(pattern), life=life, now=timezone.now())
        audit.note_many("restore key", [(name, None, {"seconds": life.total_seconds()}) for name in outcome.restored])
        return outcome
