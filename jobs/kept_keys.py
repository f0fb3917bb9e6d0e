"""Keeps what is about to expire from Redis in the database, and gives it back; reads and writes no other keys.

For state that an application checkpoints in Redis under a time to live; Daybook's own checkpoints are rows.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
import structlog
from celery import current_app

from jobs.conf import conf
from jobs.errors import RefusedError
from jobs.models import KeptKey

log = structlog.get_logger(__name__)

PAGE = 500
MOST_BYTES = 8_000_000
ANSWER_SECONDS = 5.0
_LONGEST_NAME = 500


@dataclass(slots=True)
class Found:
    """How many keys were looked at, how many of them expire soon, and how many of those were kept."""

    keys: int = 0
    expiring: int = 0
    kept: int = 0


@dataclass(slots=True)
class GivenBack:
    """Which keys went back, and which Redis has at this time or can't take."""

    restored: list[str]
    left: dict[str, str]


@contextmanager
def watched() -> Iterator[Any]:
    """Yield a client of the Redis that is watched: `watched_redis`, else the broker where that is one.

    Raises: RefusedError where there is none.
    """
    url = (conf().watched_redis or str(current_app.conf.broker_url)).split(";")[0]
    url = url.replace("redis+socket://", "unix://", 1)
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise RefusedError("no Redis is watched: neither WATCHED_REDIS_URL nor BROKER_URL names one")
    client = redis.Redis.from_url(url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
    try:
        yield client
    finally:
        client.close()


def pages(client: Any) -> Iterator[list[bytes]]:
    """Yield the keys that `watched_keys` match, page by page; one may come twice."""
    for pattern in conf().watched_keys:
        cursor = None
        while cursor != 0:
            cursor, keys = client.scan(cursor or 0, match=pattern, count=PAGE)
            yield keys


def keep_expiring(client: Any, keys: list[bytes], *, now: datetime) -> Found:
    """Copy those of the keys that expire within `watched_seconds`; a key that can't be copied is logged."""
    lives = _ask(client, "pttl", keys)
    near = {key: life for key, life in zip(keys, lives, strict=True) if 0 < life <= conf().watched_seconds * 1000}
    sizes = dict(zip(near, _ask(client, "memory_usage", near), strict=True))
    wanted = [key for key in near if _can_be_kept(key, sizes[key])]
    rows = {
        key: KeptKey(
            name=key.decode(),
            value=base64.b64encode(dump).decode(),
            expires_at=now + timedelta(milliseconds=near[key]),
            kept_at=now,
        )
        for key, dump in zip(wanted, _ask(client, "dump", wanted), strict=True)
        if dump is not None
    }
    KeptKey.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["name"], update_fields=["value", "expires_at", "kept_at"]
    )
    return Found(len(keys), len(near), len(rows))


def give_back(client: Any, copies: Iterable[KeptKey], *, life: timedelta, now: datetime) -> GivenBack:
    """Write the copies back to Redis, each to live so long; a key that is there stays as it is."""
    outcome = GivenBack([], {})
    for copy in copies:
        try:
            client.restore(copy.name, int(life.total_seconds() * 1000), base64.b64decode(copy.value))
        except redis.ResponseError as error:
            outcome.left[copy.name] = "it is there" if "BUSYKEY" in str(error) else str(error)
        else:
            outcome.restored.append(copy.name)
    KeptKey.objects.filter(name__in=outcome.restored).update(restored_at=now)
    return outcome


def _ask(client: Any, verb: str, keys: Iterable[bytes]) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        getattr(pipeline, verb)(key)
    answers: list[Any] = pipeline.execute()
    return answers


def _can_be_kept(key: bytes, size: int | None) -> bool:
    try:
        name = key.decode()
    except UnicodeDecodeError:
        name = ""
    if name and "\0" not in name and len(name) <= _LONGEST_NAME and (size or 0) <= MOST_BYTES:
        return True
    log.warning("an expiring key can't be kept", key=repr(key[:100]), size=size)
    return False
