"""What is over is deleted and what still counts stays: sessions, failed logins, unused limits of the engine."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import close_old_connections, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs import crontab, registry
from jobs.ledger.limits import locked_bucket
from jobs.models import RateBucket
from project.tasks import delete_expired_limits, delete_expired_sessions
from tests.plugins.polling import poll

pytestmark = pytest.mark.req("SK-5")
ADMIN = "/admin/auth/user/"


def bucket(key: str, *, hours_ago: float) -> RateBucket:
    return RateBucket.objects.create(key=key, next_start_at=timezone.now() - timedelta(hours=hours_ago))


@pytest.mark.django_db
def test_sessions_that_are_over_go_and_who_is_logged_in_stays_so(admin_client: Client) -> None:
    Session.objects.create(session_key="old", session_data="x", expire_date=timezone.now() - timedelta(seconds=1))
    assert (delete_expired_sessions(), delete_expired_sessions()) == ({"deleted": 1}, {"deleted": 0})
    assert admin_client.get(ADMIN).status_code == 200
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_failed_logins_go_when_they_lock_nobody_out_any_more(client: Client) -> None:
    User.objects.create_superuser("pat", password="right-one-42")
    for _ in range(5):
        client.post(reverse("admin:login"), {"username": "pat", "password": "wrong"})
    assert delete_expired_limits()["logins"] == 0
    right = {"username": "pat", "password": "right-one-42"}
    assert client.post(reverse("admin:login"), right).status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert delete_expired_limits()["logins"] == 1
    assert client.post(reverse("admin:login"), right).status_code == 302


@pytest.mark.django_db
def test_limits_go_when_their_next_start_has_been_free_for_a_day() -> None:
    bucket("old", hours_ago=25)
    kept = [bucket("recent", hours_ago=23), bucket("taken", hours_ago=-1)]
    assert delete_expired_limits() == {"logins": 0, "limits": 1}
    assert list(RateBucket.objects.order_by("key")) == kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite lets one transaction write at a time")
def test_a_limit_deleted_under_one_who_waits_for_it_is_made_anew() -> None:
    bucket("key", hours_ago=48)
    got: list[datetime] = []

    def wait_for_it() -> None:
        with transaction.atomic():
            got.append(locked_bucket("key", now=timezone.now()).next_start_at)
        close_old_connections()
        connection.close()

    waiting = threading.Thread(target=wait_for_it)
    with transaction.atomic():
        RateBucket.objects.select_for_update().get(key="key")
        waiting.start()
        poll(lambda: is_waiting_for_a_lock() or got)
        RateBucket.objects.all().delete()
    waiting.join(10)
    assert timezone.now() - got[0] < timedelta(hours=1)


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(("name", "hour"), [("delete_expired_sessions", 3), ("delete_expired_limits", 4)])
def test_it_happens_every_night(name: str, hour: int) -> None:
    declared = registry.find(name).declaration
    assert (declared.queue, declared.schedule) == ("maintenance", crontab(f"0 {hour} * * *"))
