"""Quiet hours, the daily cap and the digest on a real database and a real SMTP server."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_httpserver import HTTPServer

from ingestion.models import Mail
from notifications.composing import Notice
from notifications.models import Delivery, Preference, Signal
from notifications.tasks import send_notifications
from notifications.telling import tell

from .conftest import NOTHING, MailMaker, MailServer, let_time_pass, states

pytestmark = pytest.mark.django_db


def wants(user: str = "kim", **fields: object) -> None:
    owner, _ = User.objects.get_or_create(username=user, defaults={"email": f"{user}@home.example"})
    Preference.objects.update_or_create(user=owner, defaults=fields)


def subjects(server: MailServer) -> list[str]:
    return [str(message["Subject"]) for message in server.accepted]


def test_a_flood_becomes_one_digest_that_leaves_nothing_out(new_mail: MailMaker, mail_server: MailServer) -> None:
    for number in range(12):
        new_mail(subject=f"Contract {number}")
    assert send_notifications() == {**NOTHING, "users": 1, "signals": 12, "bundled": 12, "sent": 1}
    assert subjects(mail_server) == ["12 notices, first: Important: Contract 0"]
    text = mail_server.accepted[0].get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert {f"Important: Contract {number}" for number in range(12)} < set(text.splitlines())
    assert sorted(states()) == ["bundled"] * 12 + ["sent"]
    let_time_pass(hours=1)
    assert send_notifications() == NOTHING


def test_over_the_daily_cap_the_last_message_of_the_day_is_a_digest_and_the_rest_waits(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    wants(daily_cap=2)
    for number in range(3):
        new_mail(subject=f"Contract {number}")
    assert send_notifications() == {**NOTHING, "users": 1, "signals": 3, "bundled": 2, "sent": 2}
    new_mail(subject="One too many")
    assert send_notifications() == {**NOTHING, "users": 1, "signals": 1, "held": 1}
    assert len(mail_server.accepted) == 2
    let_time_pass(days=1)
    Delivery.objects.filter(state="sent").update(sent_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert send_notifications() == {**NOTHING, "users": 1, "sent": 1}
    assert subjects(mail_server)[-1] == "Important: One too many"


def test_in_quiet_hours_nothing_leaves_the_inbox_until_they_end(new_mail: MailMaker, mail_server: MailServer) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    local = datetime.now(zone)
    start, end = (local - timedelta(hours=1)).time(), (local + timedelta(hours=1)).time()
    wants(quiet_from=start, quiet_until=end, time_zone="Asia/Tokyo")
    new_mail()
    assert send_notifications() == {**NOTHING, "users": 1, "signals": 1, "held": 1}
    waits_until = Delivery.objects.get().next_attempt_at
    assert abs(waits_until - local - timedelta(hours=1)) < timedelta(seconds=5)
    wants(quiet_from=time(0), quiet_until=time(0))
    let_time_pass(hours=2)
    assert send_notifications()["sent"] == 1


def test_a_digest_that_failed_is_tried_again_as_it_is(new_mail: MailMaker, mail_server: MailServer) -> None:
    mail_server.data = "451 later"
    for number in range(10):
        new_mail(subject=f"Contract {number}")
    assert send_notifications()["retrying"] == 1
    mail_server.data = "250 OK"
    let_time_pass(minutes=2)
    new_mail(subject="Fresh")
    assert send_notifications() == {**NOTHING, "users": 1, "signals": 1, "sent": 2}
    assert subjects(mail_server) == ["10 notices, first: Important: Contract 0", "Important: Fresh"]


def test_a_user_is_told_at_every_place_they_chose_and_once_at_each(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    with HTTPServer(host="127.0.0.1") as chat:
        chat.expect_request("/one").respond_with_data("")
        chat.expect_request("/two").respond_with_data("")
        urls = [f"json://127.0.0.1:{chat.port}/{name}" for name in ("one", "two")]
        wants(channels=["email", "apprise", "email"], apprise_urls=urls)
        new_mail()
        assert send_notifications() == {**NOTHING, "users": 1, "signals": 1, "sent": 3}
        assert send_notifications() == NOTHING
        assert sorted(request.path for request, _ in chat.log) == ["/one", "/two"]
    assert len(mail_server.accepted) == 1


def test_an_address_given_twice_is_told_once(new_mail: MailMaker) -> None:
    wants(channels=["apprise"], apprise_urls=["json://127.0.0.1:1/"] * 2)
    new_mail()
    assert send_notifications()["signals"] == 1
    assert Delivery.objects.count() == 1


def test_what_a_server_puts_off_takes_room_under_the_cap(new_mail: MailMaker, mail_server: MailServer) -> None:
    wants(daily_cap=2, digest_from=None)
    mail_server.data = "451 later"
    for number in range(2):
        new_mail(subject=f"Contract {number}")
    assert send_notifications()["retrying"] == 2
    new_mail(subject="One too many")
    assert send_notifications()["held"] == 1
    mail_server.data = "250 OK"
    Delivery.objects.filter(attempts__gt=0).update(next_attempt_at=timezone.now())
    assert send_notifications()["sent"] == 2
    assert sorted(subjects(mail_server)) == ["Important: Contract 0", "Important: Contract 1"]


def test_a_meeting_is_never_bundled_nor_held_by_the_cap(new_mail: MailMaker, mail_server: MailServer) -> None:
    wants(daily_cap=1)
    for number in range(3):
        new_mail(subject=f"Contract {number}")
    user = User.objects.get(username="kim")
    tell(
        user,
        Notice("09:20: Budget", ""),
        preference=Preference.of(user),
        kind=Signal.Kind.MEETING_PREP,
        key="meeting",
        now=timezone.now(),
    )
    assert send_notifications()["bundled"] == 3
    assert sorted(subjects(mail_server)) == ["09:20: Budget", "3 notices, first: Important: Contract 0"]


def test_an_address_that_was_removed_meanwhile_gets_nothing(new_mail: MailMaker, mail_server: MailServer) -> None:
    wants(channels=["apprise"], apprise_urls=["json://127.0.0.1:1/"], quiet_from=None)
    new_mail()
    send_notifications()
    wants(channels=["apprise"], apprise_urls=[])
    let_time_pass(hours=1)
    assert send_notifications()["failed"] == 1
    assert Mail.objects.count() == 1
