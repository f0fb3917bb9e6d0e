"""Deliveries against a real SMTP server that refuses, hangs, hangs up or is not there."""

from __future__ import annotations

import socket

import pytest
from django.contrib.auth.models import User
from django.core import mail as django_mail
from django.utils import timezone
from pytest_django import Settings

from ingestion.models import Classification
from notifications.delivering import attempt, outgoing_of
from notifications.models import Delivery
from notifications.signalling import signal_important_mail
from notifications.tasks import send_notifications

from .conftest import NOTHING, MailMaker, MailServer, let_time_pass, states

pytestmark = pytest.mark.django_db


def test_one_users_wrong_address_stops_no_other(new_mail: MailMaker, mail_server: MailServer) -> None:
    mail_server.rcpt = {"bob@home.example": "550 no such user", "bea@home.example": "450 mailbox busy"}
    for user in ("ann", "bob", "bea", "cem"):
        new_mail(user)
    assert send_notifications() == {**NOTHING, "users": 4, "signals": 4, "sent": 2, "retrying": 1, "failed": 1}
    assert mail_server.recipients() == ["ann@home.example", "cem@home.example"]
    assert states() == ["sent", "failed", "pending", "sent"]
    errors = Delivery.objects.exclude(error="").order_by("pk").values_list("error", flat=True)
    assert list(errors) == ["550 no such user", "450 mailbox busy"]


def test_a_temporary_refusal_is_tried_again_later_not_sooner(new_mail: MailMaker, mail_server: MailServer) -> None:
    mail_server.rcpt = {"kim@home.example": "450 mailbox busy"}
    new_mail()
    send_notifications()
    mail_server.rcpt = {}
    assert send_notifications()["sent"] == 0
    let_time_pass(seconds=61)
    assert send_notifications() == {**NOTHING, "users": 1, "sent": 1}
    assert Delivery.objects.get().attempts == 2
    let_time_pass(hours=9)
    assert send_notifications() == NOTHING
    assert len(mail_server.accepted) == 1


def test_temporary_refusals_end_after_so_many_attempts(
    new_mail: MailMaker, mail_server: MailServer, settings: Settings
) -> None:
    settings.DAYBOOK_NOTIFICATIONS = {"most_attempts": 3}
    mail_server.data = "451 try again"
    new_mail()
    outcomes = []
    for _ in range(5):
        counts = send_notifications()
        outcomes.append({name: counts[name] for name in ("retrying", "failed") if counts[name]})
        let_time_pass(hours=2)
    assert outcomes == [{"retrying": 1}, {"retrying": 1}, {"failed": 1}, {}, {}]
    assert (states(), mail_server.accepted) == (["failed"], [])


def test_a_refusal_of_the_content_is_final(new_mail: MailMaker, mail_server: MailServer) -> None:
    mail_server.data = "554 looks like spam"
    new_mail()
    assert send_notifications()["failed"] == 1
    assert Delivery.objects.get().error == "554 looks like spam"


def test_a_server_that_hangs_is_left_after_the_timeout(
    new_mail: MailMaker, mail_server: MailServer, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    mail_server.hang_for = "@"
    new_mail()
    assert send_notifications()["retrying"] == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.unanswered) == ("pending", 1)
    assert delivery.error.startswith("the mail server did not answer: ")
    assert delivery.error.endswith("timed out")


def test_a_lost_answer_is_counted_and_the_second_copy_can_be_recognised(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    mail_server.drop = True
    new_mail()
    assert send_notifications()["retrying"] == 1
    assert (Delivery.objects.get().unanswered, len(mail_server.accepted)) == (1, 1)
    mail_server.drop = False
    let_time_pass(minutes=2)
    assert send_notifications()["sent"] == 1
    assert len({message["Message-ID"] for message in mail_server.accepted}) == 1


def test_a_server_that_says_nothing_is_asked_once_per_run(new_mail: MailMaker, settings: Settings) -> None:
    for user in ("ann", "bob", "cem"):
        new_mail(user)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        assert send_notifications() == {**NOTHING, "users": 3, "signals": 3, "waiting": 3}
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_without_a_server_everything_waits_unspent_and_goes_out_later(
    new_mail: MailMaker, mail_server: MailServer, settings: Settings
) -> None:
    for user in ("ann", "bob", "cem"):
        new_mail(user)
    settings.EMAIL_PORT = 1
    assert send_notifications() == {**NOTHING, "users": 3, "signals": 3, "waiting": 3}
    assert list(Delivery.objects.values_list("state", "attempts").distinct()) == [("pending", 0)]
    settings.EMAIL_PORT = mail_server.port
    assert send_notifications() == {**NOTHING, "users": 3, "sent": 3}


def test_a_delivery_cut_off_while_sending_goes_on_after_a_while(new_mail: MailMaker, mail_server: MailServer) -> None:
    new_mail()
    mail_server.rcpt = {"kim@home.example": "450 mailbox busy"}
    send_notifications()
    mail_server.rcpt = {}
    Delivery.objects.update(state="sending", claimed_at=timezone.now())
    assert send_notifications() == NOTHING, "another process may be at it"
    let_time_pass(minutes=11)
    assert send_notifications() == {**NOTHING, "users": 1, "cut_off": 1, "sent": 1}
    assert (Delivery.objects.get().unanswered, len(mail_server.accepted)) == (1, 1)


def test_any_back_end_of_django_will_do(new_mail: MailMaker, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    new_mail()
    assert send_notifications()["sent"] == 1
    assert [message.subject for message in django_mail.outbox] == ["Important: Contract"]
    assert Classification.objects.count() == 1


def test_a_delivery_without_an_answer_again_and_again_ends_as_uncertain(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    mail_server.drop = True
    new_mail()
    outcomes = []
    for _ in range(4):
        counts = send_notifications()
        outcomes.append({name: counts[name] for name in ("retrying", "uncertain") if counts[name]})
        let_time_pass(hours=2)
    assert outcomes == [{"retrying": 1}, {"uncertain": 1}, {}, {}]
    assert (states(), len(mail_server.accepted)) == (["unknown"], 2), "two copies at most, both under one Message-ID"


def test_a_row_read_before_another_process_tried_it_is_not_claimed(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    mail_server.drop = True
    new_mail()
    signal_important_mail(User.objects.get(), now=timezone.now())
    first, second = Delivery.objects.get(), Delivery.objects.get()
    assert attempt(first, outgoing_of(first)) == "retrying"
    assert attempt(second, outgoing_of(second)) == "taken"
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.unanswered, len(mail_server.accepted)) == (1, 1, 1)


def test_silence_before_the_content_went_out_is_no_uncertainty(
    new_mail: MailMaker, mail_server: MailServer, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    mail_server.hang_at_rcpt = True
    new_mail()
    for _ in range(3):
        assert send_notifications()["retrying"] == 1
        let_time_pass(hours=2)
    mail_server.hang_at_rcpt = False
    assert send_notifications()["sent"] == 1
    assert (Delivery.objects.get().unanswered, len(mail_server.accepted)) == (0, 1)


def test_a_mail_goes_out_as_text_and_as_a_page(new_mail: MailMaker, mail_server: MailServer) -> None:
    new_mail(subject="Contract <b>7</b>")
    send_notifications()
    parts = [part.get_content_type() for part in mail_server.accepted[0].walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
