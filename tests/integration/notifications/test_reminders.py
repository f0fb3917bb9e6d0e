"""Meetings, to-dos, deadlines, unanswered mail and account notices: told once, when it helps, and only then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.models import Account, Classification, Mail, Notice, Thread
from notifications.models import Preference, Signal
from notifications.tasks import (
    awaiting_response_notifications,
    commitment_reminders,
    pre_meeting_prep,
    send_notifications,
)

from .calendars import event_of, todo_of
from .conftest import MailMaker, MailServer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SOON = NOW + timedelta(minutes=20)


@pytest.fixture(autouse=True)
def _at_nine() -> object:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def kim() -> User:
    return User.objects.create_user("kim", email="kim@home.example")


def titles() -> list[str]:
    return list(Signal.objects.order_by("pk").values_list("title", flat=True))


@pytest.mark.req("SW-16")
def test_before_a_meeting_people_mails_and_to_dos_are_told(kim: User, new_mail: MailMaker) -> None:
    people = [{"name": "Lea", "address": "LEA@x.example", "answer": "accepted"}, {"address": "kim@own.example"}]
    event_of(kim, "Budget", SOON, place="Room 2", attendees=people, description="Numbers for 2027")
    mail = new_mail("kim", subject="Draft budget", sender_name="Lea", sender_address="lea@x.example", sent_at=NOW)
    mail.thread = Thread.objects.create(account=mail.account, first_at=NOW, last_at=NOW)
    mail.save()
    new_mail("kim", subject="My own", sender_address="kim@own.example", sent_at=NOW)
    todo_of(kim, "Check the numbers", None, thread=mail.thread)
    assert pre_meeting_prep() == {"users": 1, "told": 1, "already": 0, "errors": 0}
    assert titles() == ["09:20: Budget"]
    assert Signal.objects.get().body == (
        "Budget, 09:20-10:20\nPlace: Room 2\n\nNumbers for 2027\n\n"
        "Who comes\n---------\n- Lea (accepted)\n- kim@own.example\n\n"
        "What they wrote lately\n----------------------\n- Lea: Draft budget\n\n"
        "To be done\n----------\n- Check the numbers"
    )


@pytest.mark.req("SW-16")
def test_a_meeting_is_told_once_and_again_when_it_moves(kim: User) -> None:
    event = event_of(kim, "Budget", SOON)
    assert [pre_meeting_prep()["told"] for _ in range(3)] == [1, 0, 0]
    event.starts_at = NOW + timedelta(minutes=25)
    event.save()
    assert [pre_meeting_prep()["told"] for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("minutes", "fields"),
    [(31, {}), (0, {}), (-5, {}), (20, {"status": "cancelled"}), (20, {"is_all_day": True})],
)
def test_other_events_are_not_told(kim: User, minutes: int, fields: dict[str, object]) -> None:
    event_of(kim, "Budget", NOW + timedelta(minutes=minutes), **fields)
    assert pre_meeting_prep() == {"users": 0, "errors": 0}
    assert pre_meeting_prep(look_ahead_minutes=45)["users"] == (minutes == 31)


@pytest.mark.req("SW-17")
def test_what_is_due_within_a_day_is_told_once(kim: User) -> None:
    todo_of(kim, "Send the contract", NOW + timedelta(hours=5), is_promise=True)
    todo_of(kim, "Too late", NOW - timedelta(minutes=1))
    todo_of(kim, "Too early", NOW + timedelta(hours=24, minutes=1))
    todo_of(kim, "Done", NOW + timedelta(hours=5), done_at=NOW)
    todo_of(kim, "Some day", None)
    assert commitment_reminders() == {"users": 1, "told": 1, "not_now": 1, "already": 0, "errors": 0}
    assert commitment_reminders()["already"] == 1
    signal = Signal.objects.get()
    assert (signal.title, signal.body) == (
        "Due: Send the contract",
        "You promised: Send the contract\nDue: 23 November 2026, 14:00 UTC",
    )


@pytest.mark.req("SW-17")
@pytest.mark.parametrize(
    ("zone", "day", "told"),
    [
        ("Pacific/Pago_Pago", 22, 1),
        ("UTC", 22, 0),
        ("UTC", 23, 1),
        ("UTC", 24, 0),
        ("Pacific/Auckland", 22, 0),
        ("Pacific/Auckland", 23, 1),
    ],
)
def test_a_mere_day_is_due_until_the_readers_midnight(kim: User, zone: str, day: int, told: int) -> None:
    Preference.objects.create(user=kim, time_zone=zone)
    todo_of(kim, "Send it", datetime(2026, 11, day, 12, tzinfo=UTC), due_is_day=True)
    assert commitment_reminders().get("told", 0) == told


@pytest.mark.req("SW-15")
def test_a_nearing_deadline_is_told_at_each_stage_once_after_a_cooldown(
    kim: User, new_mail: MailMaker, mail_server: MailServer
) -> None:
    new_mail("kim", subject="Offer", sent_at=NOW, found={"deadline": NOW + timedelta(hours=80)})
    found = {}
    for hours in (0, 8, 9, 56, 57, 77, 78, 79, 80):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
            counts = send_notifications()
            found[hours] = (counts["signals"], counts["reminders"])
    assert found == {
        0: (1, 0),
        8: (0, 1),
        9: (0, 0),
        56: (0, 1),
        57: (0, 0),
        77: (0, 1),
        78: (0, 0),
        79: (0, 0),
        80: (0, 0),
    }
    assert titles()[1:] == ["Deadline 26 November 2026, 17:00 UTC: Offer"] * 3
    assert len(mail_server.accepted) == 4


@pytest.mark.req("SW-15")
def test_an_important_mail_with_a_near_deadline_brings_one_notice_at_first(
    kim: User, new_mail: MailMaker, mail_server: MailServer
) -> None:
    new_mail("kim", sent_at=NOW, found={"deadline": NOW + timedelta(hours=20)})
    counts = send_notifications()
    assert (counts["signals"], counts["reminders"], counts["cooling_down"]) == (1, 0, 1)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        assert send_notifications()["reminders"] == 1


def sent_mail(subject: str, days: float, *people: str, **fields: object) -> Mail:
    owner, _ = User.objects.get_or_create(username="kim", defaults={"email": "kim@home.example"})
    account, _ = Account.objects.get_or_create(owner=owner, provider="mbox", location="kim", address="kim@own.example")
    sent, number = NOW - timedelta(days=days), Mail.objects.count()
    columns: dict[str, object] = {
        "account": account,
        "thread": Thread.objects.create(account=account, first_at=sent, last_at=sent),
        "identity": f"<{number}>",
        "message_id": f"<{number}>",
        "provider_key": str(number),
        "subject": subject,
        "base_subject": subject.lower(),
        "sent_at": sent,
        "received_at": sent,
        "direction": "out",
        "recipients": [{"name": "", "address": each, "kind": "to"} for each in people or ("lea@x.example",)],
    }
    return Mail.objects.create(**{**columns, **fields})


@pytest.mark.req("SW-18")
def test_mail_that_nobody_answered_for_three_days_is_told_once(kim: User) -> None:
    sent_mail("Question", 4)
    sent_mail("Fresh", 2.9)
    sent_mail("Forgotten", 31)
    sent_mail("To a machine", 4, "noreply@x.example")
    sent_mail("To myself", 4, "kim@own.example")
    answered = sent_mail("Answered", 4)
    sent_mail("Re: Answered", 1, thread=answered.thread, direction="in", sender_address="lea@x.example")
    nudged = sent_mail("Nudged", 9)
    sent_mail("Re: Nudged", 1, thread=nudged.thread)
    counts = awaiting_response_notifications()
    assert counts == {"users": 1, "told": 1, "already": 0, "answered_elsewhere": 0, "no_person": 2, "errors": 0}
    assert titles() == ["No answer for 4 days: Question"]
    assert awaiting_response_notifications()["already"] == 1


@pytest.mark.req("SW-18")
@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ({"subject": "Re: Question", "base_subject": "question", "sender_address": "lea@x.example"}, 0),
        ({"in_reply_to": "<0>", "sender_address": "lea@x.example"}, 0),
        ({"subject": "Other", "base_subject": "other", "sender_address": "lea@x.example"}, 1),
        ({"base_subject": "question", "sender_address": "bob@x.example"}, 1),
    ],
)
def test_what_was_answered_in_another_thread_does_not_count(kim: User, reply: dict[str, str], told: int) -> None:
    sent_mail("Question", 4)
    sent_mail(reply.pop("subject", "Re: Question"), 1, direction="in", **reply)
    assert awaiting_response_notifications()["told"] == told


def test_what_ingestion_found_wrong_with_an_account_is_told_once(kim: User, mail_server: MailServer) -> None:
    account = Account.objects.create(owner=kim, provider="imap", location="imaps://x", address="kim@own.example")
    Notice.objects.create(owner=kim, kind="access_refused", account=account, key="refused:1", text="LOGIN failed")
    assert send_notifications()["sent"] == 1
    assert send_notifications()["sent"] == 0
    assert titles() == ["Access was refused: kim@own.example"]
    assert Classification.objects.count() == 0
