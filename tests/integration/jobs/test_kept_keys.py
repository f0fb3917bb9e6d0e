"""Critical state that is about to expire from Redis: copied in time, encrypted, and given back when asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from jobs import here, registry
from jobs.models import AuditEntry, KeptKey
from tests.commands import jobs, jobs_json, refused
from tests.plugins.broker import Valkey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-20")]
MINUTE, SOON = 60_000, 30 * 60_000


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with TemporaryDirectory(prefix="kept") as folder, Valkey(Path(folder)) as running:
        yield running


@pytest.fixture
def watched(server: Valkey, settings: LazySettings) -> Iterator[redis.Redis]:
    """A client of the empty Redis that is watched."""
    settings.DAYBOOK = {**settings.DAYBOOK, "watched_redis": server.url}
    with server.client() as client:
        client.flushall()
        yield client


def monitor() -> Any:
    run = here.run_here(registry.find("redis_monitoring"), {})
    assert run.state == "SUCCESS", run.error_message
    return jobs_json("show", str(run.pk))["result"]


def names() -> list[str]:
    return list(KeptKey.objects.order_by("name").values_list("name", flat=True))


def test_what_expires_soon_is_copied_and_what_lives_on_is_not(watched: redis.Redis) -> None:
    watched.hset("checkpoint:near", mapping={"step": "3"})
    watched.pexpire("checkpoint:near", 10 * MINUTE)
    watched.set("checkpoint:far", "x", px=600 * MINUTE)
    watched.set("checkpoint:for ever", "x")
    watched.set("other", "x", px=SOON)
    assert monitor() == {"keys": 3, "expiring": 1, "kept": 1}
    assert names() == ["checkpoint:near"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM jobs_keptkey")
        assert cursor.fetchone()[0].startswith("gAAAAA")


def test_a_later_copy_takes_the_place_of_the_first(watched: redis.Redis) -> None:
    key = "checkpoint:near"
    for value in ("first", "second"):
        watched.set(key, value, px=10 * MINUTE)
        monitor()
    watched.delete(key)
    assert jobs("keys", "restore", key) == "restored checkpoint:near\n"
    assert watched.get(key) == b"second"


def test_an_expired_key_comes_back_with_all_it_held_and_a_new_life(watched: redis.Redis) -> None:
    watched.hset("checkpoint:1", mapping={"step": "3", "note": "half"})
    watched.set("checkpoint:2", b"\x00\xff", px=SOON)
    watched.pexpire("checkpoint:1", SOON)
    monitor()
    watched.delete("checkpoint:1")
    outcome = jobs_json("keys", "restore", "checkpoint:*", "--hours", "2")
    assert outcome == {"restored": ["checkpoint:1"], "left": {"checkpoint:2": "it is there"}}
    assert watched.hgetall("checkpoint:1") == {b"step": b"3", b"note": b"half"}
    assert 119 * MINUTE < watched.pttl("checkpoint:1") <= 120 * MINUTE
    assert watched.pttl("checkpoint:2") <= SOON
    assert [row["name"] for row in jobs_json("keys", "list", "checkpoint:*") if row["restored_at"]] == ["checkpoint:1"]
    assert list(AuditEntry.objects.values_list("action", "target")) == [("restore key", "checkpoint:1")]


def test_a_key_that_can_not_be_copied_keeps_no_other_back(
    watched: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.kept_keys.MOST_BYTES", 1000)
    watched.set("checkpoint:big", "x" * 10_000, px=SOON)
    watched.set(b"checkpoint:\xff", "x", px=SOON)
    watched.set("checkpoint:good", "x", px=SOON)
    assert monitor() == {"keys": 3, "expiring": 3, "kept": 1}
    assert names() == ["checkpoint:good"]


def test_without_a_redis_nothing_is_watched_and_nothing_fails(settings: LazySettings) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "watched_redis": "amqp://127.0.0.1"}
    nothing = "no Redis is watched: neither WATCHED_REDIS_URL nor BROKER_URL names one"
    assert monitor() == {"note": nothing}
    assert refused("keys", "restore", "any") == (3, nothing)


def test_a_copy_that_is_not_there_is_refused(watched: redis.Redis) -> None:
    assert refused("keys", "restore", "checkpoint:none") == (1, "nothing was restored of checkpoint:none")


def test_the_admin_gives_a_copy_back_and_shows_nothing_of_it(watched: redis.Redis, admin_client: Client) -> None:
    key = "checkpoint:near"
    watched.set(key, "sesame", px=SOON)
    monitor()
    watched.delete(key)
    copy = KeptKey.objects.get()
    assert b"sesame" not in admin_client.get(f"/admin/jobs/keptkey/{copy.pk}/change/").content
    chosen = {"action": "restore", "_selected_action": [copy.pk]}
    page = admin_client.post("/admin/jobs/keptkey/", chosen, follow=True)
    assert b"checkpoint:near restored." in page.content
    assert watched.get(key) == b"sesame"
