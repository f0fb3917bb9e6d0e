"""send_notifications against a real database and a real SMTP server: each once, nobody left out, nobody in the way."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail as django_mail
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from ingestion.models import Account, Classification, Mail, Thread
from jobs.here import run_here
from jobs.states import State
from notifications.models import Delivery, Preference, Signal
from notifications.tasks import send_notifications

from .conftest import MailMaker, MailServer

pytestmark = pytest.mark.django_db

NOTHING = {"users": 0, "signals": 0, "sent": 0, "retrying": 0, "failed": 0, "waiting": 0, "errors": 0, "cut_off": 0}


def let_time_pass(**span: float) -> None:
    """Bring everything that waits nearer by `span`."""
    for delivery in Delivery.objects.all():
        delivery.next_attempt_at -= timedelta(**span)
        delivery.claimed_at = delivery.claimed_at and delivery.claimed_at - timedelta(**span)
        delivery.save()


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_an_important_mail_reaches_inbox_and_mailbox(new_mail: MailMaker, mail_server: MailServer) -> None:
    mail = new_mail(subject="Contract", sender_name="Lee")
    assert send_notifications() == {**NOTHING, "users": 1, "signals": 1, "sent": 1}
    signal, delivery, sent = Signal.objects.get(), Delivery.objects.get(), mail_server.accepted[0]
    assert (signal.user.username, signal.mail, signal.kind, signal.importance) == (
        "kim",
        mail,
        "important_mail",
        "high",
    )
    assert signal.title == "Important: Contract"
    assert signal.body.startswith("Lee wrote to you: Contract")
    assert (delivery.state, delivery.attempts, delivery.unanswered, delivery.error) == ("sent", 1, 0, "")
    assert delivery.sent_at is not None
    assert (sent["To"], sent["Subject"]) == ("kim@home.example", "Important: Contract")
    assert sent["Message-ID"] == delivery.message_id
    assert sent["Auto-Submitted"] == "auto-generated"


def test_however_often_it_runs_each_mail_is_told_once(new_mail: MailMaker, mail_server: MailServer) -> None:
    for user in ("kim", "kim", "pat"):
        new_mail(user)
    assert send_notifications()["sent"] == 3
    for _ in range(3):
        assert send_notifications() == NOTHING
    assert (Signal.objects.count(), Delivery.objects.count(), len(mail_server.accepted)) == (3, 3, 3)


def test_the_same_mail_in_two_accounts_of_a_user_is_told_once(new_mail: MailMaker, mail_server: MailServer) -> None:
    first = new_mail(identity="<same@mail.example>")
    other = Account.objects.create(owner=first.account.owner, provider="maildir", location="elsewhere")
    new_mail(identity="<same@mail.example>", account=other)
    assert send_notifications()["signals"] == 1
    assert send_notifications()["signals"] == 0
    assert len(mail_server.accepted) == 1


def test_a_mail_ingested_anew_is_not_told_again(new_mail: MailMaker, mail_server: MailServer) -> None:
    new_mail(identity="<same@mail.example>")
    send_notifications()
    Account.objects.all().delete()
    new_mail(identity="<same@mail.example>")
    assert send_notifications()["signals"] == 0
    assert len(mail_server.accepted) == 1


def test_what_is_not_worth_a_notice_brings_none(new_mail: MailMaker, mail_server: MailServer) -> None:
    old = timezone.now() - timedelta(days=31)
    for fields in (
        {"found": {"importance": "normal"}},
        {"found": {"is_automated": True}},
        {"direction": Mail.Direction.OUT},
        {"sent_at": old},
        {"message_id": "<daybook.delivery.0123@home.example>"},
    ):
        new_mail(**fields)
    counts = send_notifications()
    assert counts == {**NOTHING, "users": 1, "automated, nothing to be done in time": 1, "our own notice": 1}
    assert (Signal.objects.count(), Delivery.objects.count(), mail_server.accepted) == (0, 0, [])


def test_an_answered_mail_brings_no_notice_and_an_earlier_own_mail_is_no_answer(new_mail: MailMaker) -> None:
    now = timezone.now()
    asked = new_mail(subject="asked")
    thread = Thread.objects.create(account=asked.account, first_at=now, last_at=now)
    Mail.objects.update(thread=thread)
    new_mail(subject="answer", direction=Mail.Direction.OUT, thread=thread, sent_at=now - timedelta(minutes=30))
    new_mail(subject="asked again", thread=thread, sent_at=now - timedelta(minutes=10))
    assert send_notifications()["already answered"] == 1
    assert list(Signal.objects.values_list("title", flat=True)) == ["Important: asked again"]


@pytest.mark.req("SW-9")
def test_preferences_decide_language_address_and_channels(new_mail: MailMaker, mail_server: MailServer) -> None:
    for user in ("anna", "bruno", "chloe"):
        new_mail(user)
    users = {user.username: user for user in User.objects.all()}
    Preference.objects.create(user=users["anna"], language="de", address="anna@work.example")
    Preference.objects.create(user=users["bruno"], language="fr", channels=[])
    assert send_notifications()["sent"] == 2
    assert mail_server.recipients() == ["anna@work.example", "chloe@home.example"]
    titles = dict(Signal.objects.values_list("user__username", "title"))
    assert titles == {"anna": "Wichtig: Contract", "bruno": "Important : Contract", "chloe": "Important: Contract"}


def test_without_any_address_the_mail_account_is_written_to_and_without_that_only_the_inbox(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    for user in ("kim", "pat"):
        new_mail(user)
    User.objects.update(email="")
    Account.objects.filter(owner__username="pat").update(address="")
    assert send_notifications() == {**NOTHING, "users": 2, "signals": 2, "sent": 1}
    assert mail_server.recipients() == ["kim@own.example"]
    assert Signal.objects.filter(user__username="pat").unread().count() == 1


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


def test_a_mail_that_cannot_be_composed_stops_neither_deliveries_nor_others(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    new_mail("ann")
    new_mail("bob")
    Preference.objects.create(user=User.objects.get(username="ann"), language="xx")
    assert send_notifications() == {**NOTHING, "users": 2, "signals": 1, "sent": 1, "errors": 1}
    assert mail_server.recipients() == ["bob@home.example"]


def test_an_inactive_user_is_told_nothing_and_one_user_may_be_asked_for(
    new_mail: MailMaker, mail_server: MailServer
) -> None:
    for user in ("ann", "bob", "cem"):
        new_mail(user)
    User.objects.filter(username="ann").update(is_active=False)
    assert send_notifications(user_id=User.objects.get(username="cem").pk)["sent"] == 1
    assert mail_server.recipients() == ["cem@home.example"]
    assert send_notifications()["sent"] == 1
    assert mail_server.recipients() == ["bob@home.example", "cem@home.example"]


def test_a_hostile_subject_adds_no_header(new_mail: MailMaker, mail_server: MailServer) -> None:
    new_mail(subject="Hi\r\nBcc: all@firm.example\r\n\r\nBuy!")
    assert send_notifications()["sent"] == 1
    assert mail_server.accepted[0]["Bcc"] is None
    assert mail_server.accepted[0]["Subject"] == "Important: Hi Bcc: all@firm.example Buy!"


@pytest.mark.django_db(transaction=True)
def test_a_run_is_named_in_its_rows(new_mail: MailMaker, mail_server: MailServer) -> None:
    new_mail()
    run = run_here(send_notifications, {})
    assert run.state == State.SUCCESS
    assert Signal.objects.get().run_id == Delivery.objects.get().run_id == run.pk


@pytest.mark.django_db(transaction=True)
def test_two_at_once_tell_once(new_mail: MailMaker, mail_server: MailServer) -> None:
    for user in ("ann", "bob", "cem"):
        for _ in range(4):
            new_mail(user)
    totals: list[dict[str, int]] = []

    def work() -> None:
        try:
            totals.append(send_notifications())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(total["signals"] for total in totals) == 12
    assert sum(total["sent"] for total in totals) == 12
    assert len(mail_server.accepted) == 12
    assert set(states()) == {"sent"}


def test_any_back_end_of_django_will_do(new_mail: MailMaker, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    new_mail()
    assert send_notifications()["sent"] == 1
    assert [message.subject for message in django_mail.outbox] == ["Important: Contract"]
    assert Classification.objects.count() == 1
