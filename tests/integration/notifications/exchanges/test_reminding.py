"""Reminders as future runs: planned, moved, cancelled, sent once; with a real SMTP server at the end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from jobs.models import Run
from jobs.testing import drain
from notifications.exchanges.lifecycle import change_exchange, match_exchange, open_exchange
from notifications.models import Alert, Delivery, Exchange, ExchangeReminder
from notifications.tasks import plan_reminders, remind_participants, send_exchange_link, send_notifications, watch_runs
from tests.integration.notifications.conftest import MailServer

from .conftest import ExchangeMaker

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-1", "SK-2")]
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
AT_NINE = {7: "2026-12-17T08:00", 3: "2026-12-21T08:00", 1: "2026-12-23T08:00"}


def planned(exchange: Exchange) -> dict[int, str]:
    waiting = Run.objects.waiting().filter(job="remind_participants", unique_key__contains=f":{exchange.pk}:")
    return {run.kwargs["days"]: f"{run.run_at.astimezone(UTC):%FT%H:%M}" for run in waiting}


def matched(exchange: Exchange) -> Exchange:
    with time_machine.travel(NOW, tick=False):
        match_exchange(exchange, now=NOW)
    return exchange


def test_matching_plans_a_run_per_interval(new_exchange: ExchangeMaker) -> None:
    exchange = matched(new_exchange())
    assert planned(exchange) == AT_NINE
    assert {run.expires_at - run.run_at for run in Run.objects.filter(job="remind_participants") if run.expires_at} == {
        timedelta(hours=1)
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"day": date(2026, 12, 26)}, {7: "2026-12-19T08:00", 3: "2026-12-23T08:00", 1: "2026-12-25T08:00"}),
        ({"day": date(2026, 12, 6)}, {3: "2026-12-03T08:00", 1: "2026-12-05T08:00"}),
        ({"time_zone": "Asia/Tokyo"}, {7: "2026-12-17T00:00", 3: "2026-12-21T00:00", 1: "2026-12-23T00:00"}),
        ({"clock": time(18)}, {7: "2026-12-17T17:00", 3: "2026-12-21T17:00", 1: "2026-12-23T17:00"}),
        ({"reminder_days": [3, 2]}, {3: "2026-12-21T08:00", 2: "2026-12-22T08:00"}),
        ({"reminder_days": []}, {}),
        ({"name": "Other"}, AT_NINE),
    ],
)
@pytest.mark.parametrize("way", ["operation", "raw edit"])
def test_a_change_of_date_zone_or_intervals_moves_them(
    new_exchange: ExchangeMaker, fields: dict[str, object], expected: dict[int, str], way: str
) -> None:
    exchange = matched(new_exchange())
    with time_machine.travel(NOW, tick=False):
        if way == "operation":
            for name, value in fields.items():
                setattr(exchange, name, value)
            change_exchange(exchange, now=NOW)
        else:
            Exchange.objects.filter(pk=exchange.pk).update(**fields)
            plan_reminders()
    assert planned(exchange) == expected


def test_planning_again_changes_nothing(new_exchange: ExchangeMaker) -> None:
    exchange = matched(new_exchange())
    before = sorted(Run.objects.waiting().filter(job="remind_participants").values_list("pk", flat=True))
    with time_machine.travel(NOW, tick=False):
        change_exchange(exchange, now=NOW)
    assert sorted(Run.objects.waiting().filter(job="remind_participants").values_list("pk", flat=True)) == before


def test_a_moved_reminder_stays_the_same_run(new_exchange: ExchangeMaker) -> None:
    exchange = matched(new_exchange())
    before = sorted(Run.objects.filter(job="remind_participants").values_list("pk", flat=True))
    exchange.day = date(2026, 12, 26)
    with time_machine.travel(NOW, tick=False):
        change_exchange(exchange, now=NOW)
    moved = Run.objects.filter(job="remind_participants")
    assert sorted(moved.values_list("pk", flat=True)) == before
    assert {run.expires_at - run.run_at for run in moved if run.expires_at} == {timedelta(hours=1)}


def test_a_reminder_that_is_tried_again_is_left_alone(new_exchange: ExchangeMaker) -> None:
    exchange = matched(new_exchange())
    first = Run.objects.filter(job="remind_participants").order_by("run_at")[0]
    later = first.run_at + timedelta(minutes=2)
    Run.objects.filter(pk=first.pk).update(state="RETRYING", attempt=1, run_at=later)
    now = first.run_at + timedelta(minutes=1)
    with time_machine.travel(now, tick=False):
        change_exchange(exchange, now=now)
    first.refresh_from_db()
    assert (first.state, first.run_at) == ("RETRYING", later)


def test_when_names_are_forgotten_they_are_cancelled(new_exchange: ExchangeMaker) -> None:
    exchange = matched(new_exchange())
    with time_machine.travel(NOW, tick=False):
        open_exchange(exchange, now=NOW)
    assert planned(exchange) == {}
    assert set(Run.objects.filter(job="remind_participants").values_list("state", flat=True)) == {"CANCELLED"}
    assert set(exchange.participants.values_list("gives_to", flat=True)) == {None}


def at_seven_days() -> time_machine.travel:
    return time_machine.travel(datetime(2026, 12, 17, 8, 0, 5, tzinfo=UTC), tick=False)


def test_only_those_who_take_part_and_want_it_are_reminded_once_ever(
    new_exchange: ExchangeMaker, mail_server: MailServer
) -> None:
    exchange = matched(new_exchange("Ann", "Bob", "Cem", "Dee"))
    exchange.participants.filter(name="Bob").update(wants_reminders=False)
    exchange.participants.filter(name="Cem").update(withdrawn_at=NOW)
    Delivery.objects.all().delete()
    with at_seven_days():
        assert remind_participants(exchange_id=exchange.pk, days=7) == {
            "reminded": 2,
            "opted_out": 1,
            "withdrawn": 1,
        }
        assert remind_participants(exchange_id=exchange.pk, days=7) == {}
        send_notifications()
        send_notifications()
    assert mail_server.recipients() == ["ann@home.example", "dee@home.example"]
    assert {str(mail["Subject"]) for mail in mail_server.accepted} == {"Winter gifts: in 7 days"}
    reminder = ExchangeReminder.objects.get()
    assert (reminder.days, reminder.counts["reminded"]) == (7, 2)


def test_one_reminder_per_interval_ever_even_if_the_date_moves_away(
    new_exchange: ExchangeMaker, mail_server: MailServer
) -> None:
    exchange = matched(new_exchange())
    with at_seven_days():
        remind_participants(exchange_id=exchange.pk, days=7)
        exchange.day = date(2026, 12, 31)
        change_exchange(exchange, now=timezone.now())
        ahead = {days: at for days, at in planned(exchange).items() if at > "2026-12-17T08:00"}
        assert ahead == {3: "2026-12-28T08:00", 1: "2026-12-30T08:00"}


@pytest.mark.parametrize(
    ("change", "when"),
    [
        ({"state": "open"}, "2026-12-17T08:00:05"),
        ({"day": date(2026, 12, 30)}, "2026-12-17T08:00:05"),
        ({"reminder_days": [3]}, "2026-12-17T08:00:05"),
        ({}, "2026-12-17T07:00"),
        ({}, "2026-12-17T09:30"),
    ],
)
def test_a_run_whose_exchange_changed_behind_its_back_reminds_nobody(
    new_exchange: ExchangeMaker, change: dict[str, object], when: str
) -> None:
    exchange = matched(new_exchange())
    Delivery.objects.all().delete()
    Exchange.objects.filter(pk=exchange.pk).update(**change)
    with time_machine.travel(datetime.fromisoformat(when).replace(tzinfo=UTC), tick=False):
        assert remind_participants(exchange_id=exchange.pk, days=7) == {}
    assert (Delivery.objects.count(), ExchangeReminder.objects.count()) == (0, 0)


@pytest.mark.req("SK-6")
def test_a_reminder_whose_hour_has_passed_is_missed_and_operators_hear_of_it(new_exchange: ExchangeMaker) -> None:
    exchange = matched(new_exchange())
    Delivery.objects.all().delete()
    with time_machine.travel(datetime(2026, 12, 17, 9, 0, 1, tzinfo=UTC), tick=False):
        drain(job=remind_participants)
        watch_runs()
    first = Run.objects.filter(job="remind_participants").earliest("run_at")
    assert (first.state, first.attempt, first.reason) == ("MISSED", 0, "not started before its deadline")
    assert Delivery.objects.filter(key__startswith=f"exchange:{exchange.pk}:reminder").count() == 0
    assert Alert.objects.get(kind=Alert.Kind.MISSED).title == "Missed: remind_participants"


@pytest.mark.req("SK-6")
def test_a_reminder_that_starts_within_its_hour_is_sent(new_exchange: ExchangeMaker) -> None:
    exchange = matched(new_exchange())
    with time_machine.travel(datetime(2026, 12, 17, 8, 59, 59, tzinfo=UTC), tick=False):
        drain(job=remind_participants)
    assert Run.objects.filter(job="remind_participants").earliest("run_at").state == "SUCCESS"
    assert Delivery.objects.filter(key__startswith=f"exchange:{exchange.pk}:reminder:7").count() == 3


def test_every_participant_gets_a_link_of_their_own(new_exchange: ExchangeMaker, mail_server: MailServer) -> None:
    exchange = matched(new_exchange())
    drain(job=send_exchange_link)
    texts = [mail.get_payload(0).get_payload(decode=True).decode() for mail in mail_server.accepted]  # type: ignore[union-attr]
    links = {line for text in texts for line in text.splitlines() if "/exchange/" in line}
    assert (mail_server.recipients(), len(links)) == ([f"{name}@home.example" for name in ("ann", "bob", "cem")], 3)
    assert not [each for each in Delivery.objects.all() if "/exchange/" in each.body]
    assert exchange.participants.filter(gives_to=None).count() == 0
