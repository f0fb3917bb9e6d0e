"""send_notifications on a real database: who is told of what, once, in whose words."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from ingestion.models import Account, Mail, Thread
from jobs.here import run_here
from jobs.states import State
from notifications.models import Delivery, Preference, Signal
from notifications.tasks import send_notifications

from .conftest import NOTHING, MailMaker, MailServer, states

pytestmark = pytest.mark.django_db


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


def test_what_the_owner_did_in_the_mailbox_decides_too(new_mail: MailMaker, mail_server: MailServer) -> None:
    tomorrow = {"deadline": timezone.now() + timedelta(hours=20)}
    for fields in ({"seen": True}, {"gone_at": timezone.now()}, {"answered": True, "found": tomorrow}):
        new_mail(**fields)
    counts = send_notifications()
    assert (counts["read or put away"], counts["already answered"]) == (2, 1)
    assert (counts["signals"], counts["reminders"], mail_server.accepted) == (0, 0, [])
    Mail.objects.update(seen=False, gone_at=None, answered=False)
    counts = send_notifications()
    assert (counts["signals"], counts["reminders"]) == (3, 0)


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
