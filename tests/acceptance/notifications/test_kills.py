"""Senders killed at random points against a real SMTP server that refuses, hangs and hangs up: who got what.

The full size is `NOTICES=1000 KILLS=50 pytest -s tests/acceptance/notifications/test_kills.py`; it prints figures.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from django.db.models import F
from pytest_django import Settings

from notifications.models import Delivery
from notifications.tasks import send_notifications
from tests.acceptance.notifications.rough import RoughServer, make_notices, unfinished
from tests.plugins.polling import poll

NOTICES, KILLS = int(os.environ.get("NOTICES", "60")), int(os.environ.get("KILLS", "6"))
SEED = int(os.environ.get("SEED", "7"))
ROUNDS = 200


@pytest.fixture
def server(settings: Settings, free_port: Callable[[], int]) -> Iterator[RoughServer]:
    rough = RoughServer(random.Random(SEED), port=free_port())
    controller = Controller(rough, hostname="127.0.0.1", port=rough.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", rough.port, 0.5
    yield rough
    controller.stop()


def send_in_a_process_of_its_own() -> int:
    """Fork a sender and return its pid; it ends as soon as it has been through all that is due."""
    connection.close()
    pid = os.fork()
    if pid == 0:
        try:
            send_notifications()
        finally:
            os._exit(0)
    return pid


def let_time_pass() -> None:
    """Let what was cut off count as such, and what waits be due."""
    long_ago = timedelta(hours=2)
    Delivery.objects.filter(state="pending").update(next_attempt_at=F("next_attempt_at") - long_ago)
    Delivery.objects.filter(state="sending").update(claimed_at=F("claimed_at") - long_ago)


def is_killed_in_the_middle(pid: int, server: RoughServer, after: int) -> bool:
    """Kill the sender once the server has taken so many more mails; False when it ended before."""
    wanted = sum(server.taken.values()) + after
    has_ended = False

    def is_time() -> bool:
        nonlocal has_ended
        has_ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        return has_ended or sum(server.taken.values()) >= wanted

    poll(is_time, within=60)
    if not has_ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return not has_ended


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(3600 if NOTICES > 60 else 240)
def test_nobody_gets_two_where_the_answer_was_seen_and_nobody_is_left_out(server: RoughServer) -> None:
    make_notices(NOTICES)
    dice, kills, rounds = random.Random(SEED), 0, 0
    while unfinished() and rounds < ROUNDS:
        rounds += 1
        pid = send_in_a_process_of_its_own()
        if kills < KILLS:
            kills += is_killed_in_the_middle(pid, server, dice.randint(1, max(1, NOTICES // (KILLS + 1))))
        else:
            os.waitpid(pid, 0)
        let_time_pass()

    rows = list(Delivery.objects.values("address", "state", "unanswered"))
    copies = {row["address"]: server.taken[row["address"]] for row in rows}
    figures = {
        "notices": NOTICES,
        "kills": kills,
        **Counter(row["state"] for row in rows),
        "left unanswered": sum(row["unanswered"] > 0 for row in rows),
        "got two": sum(number == 2 for number in copies.values()),
    }
    print(f"\n{figures}, seed {SEED}")
    assert kills == KILLS
    assert {row["state"] for row in rows} <= {"sent", "failed", "unknown"}
    for row in rows:
        number = copies[row["address"]]
        # What a kill cut off may be unknown for good, also of an address that would have been refused.
        is_refused = row["address"].startswith("nobody")
        assert row["state"] in ({"failed", "unknown"} if is_refused else {"sent", "unknown"}), row
        if row["state"] == "sent":
            assert 1 <= number <= 1 + row["unanswered"], row
        assert number <= 2, row
        assert row["unanswered"] or number == (row["state"] == "sent"), row
