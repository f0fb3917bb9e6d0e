"""The daily briefing: once per local date in its two hours, whatever the clock or the machine does."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.models import Fact
from notifications.models import Delivery, Preference, Signal
from notifications.tasks import daily_briefing
from tests.unit.notifications.test_windows import ZONES

from .calendars import event_of, todo_of
from .conftest import MailMaker

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-14")]
DAYS = int(os.environ.get("DAYS", "3"))
MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def user_in(zone: str, **fields: object) -> User:
    user = User.objects.create_user(zone.replace("/", "-"), email="kim@home.example", first_name="Kim")
    Preference.objects.create(user=user, time_zone=zone, **fields)
    event_of(user, "far away", datetime(2030, 1, 1, tzinfo=UTC))
    return user


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def test_it_says_what_the_day_holds_and_nothing_else(new_mail: MailMaker) -> None:
    user = user_in("Europe/Berlin")
    event_of(user, "Team", datetime(2026, 11, 23, 9, tzinfo=UTC), place="Room 2")
    event_of(
        user,
        "Holiday",
        datetime(2026, 11, 22, 23, tzinfo=UTC),
        is_all_day=True,
        ends_at=datetime(2026, 11, 23, 23, tzinfo=UTC),
    )
    event_of(user, "Yesterday", datetime(2026, 11, 22, 9, tzinfo=UTC))
    event_of(user, "Tomorrow", datetime(2026, 11, 23, 23, tzinfo=UTC))
    event_of(user, "Cancelled", datetime(2026, 11, 23, 9, tzinfo=UTC), status="cancelled")
    event_of(User.objects.create_user("other"), "Not mine", datetime(2026, 11, 23, 9, tzinfo=UTC))
    todo_of(user, "Send the\ncontract", datetime(2026, 11, 23, 12, tzinfo=UTC), due_is_day=True)
    todo_of(user, "Done", datetime(2026, 11, 23, 12, tzinfo=UTC), done_at=MONDAY)
    todo_of(user, "Later", datetime(2026, 11, 25, 12, tzinfo=UTC))
    Fact.objects.create(owner=user, text="Lea moves to Bern", relevance=0.9, observed_at=MONDAY, digest="1")
    with at(MONDAY):
        new_mail(user.username, subject="Offer", sender_name="Priya Nair")
        assert daily_briefing() == {"users": 2, "told": 1, "not_now": 1, "errors": 0}
    signal = Signal.objects.get()
    assert (signal.title, signal.kind) == ("Your day: Monday, 23 November 2026", "daily_briefing")
    assert signal.body == (
        "On your calendar\n----------------\n- all day: Holiday\n- 10:00-11:00 Team (Room 2)\n\n"
        "To be done\n----------\n- Send the contract (by 23 November 2026)\n\n"
        "Mail that waits for you\n-----------------------\n- Priya Nair: Offer\n\n"
        "Worth remembering\n-----------------\n- Lea moves to Bern"
    )
    assert Delivery.objects.get().address == "kim@home.example"


def test_an_empty_day_is_told_too() -> None:
    user_in("Europe/Berlin", language="de", tone="warm")
    with at(MONDAY):
        daily_briefing()
    signal = Signal.objects.get()
    assert signal.title == "Dein Tag: Montag, 23. November 2026"
    assert signal.body == "Hallo Kim,\n\nHeute steht nichts im Kalender.\n\nLiebe Grüße\nDaybook"


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("Pacific/Auckland", date(2026, 9, 27)),
        ("America/St_Johns", date(2026, 11, 1)),
    ],
)
def test_around_a_change_of_the_clock_each_local_day_has_one(zone: str, change: date) -> None:
    user = user_in(zone)
    moment = datetime.combine(change - timedelta(days=2), datetime.min.time(), UTC)
    while moment < datetime.combine(change + timedelta(days=3), datetime.min.time(), UTC):
        with at(moment):
            daily_briefing()
        moment += timedelta(minutes=30)
    told = {signal.created_at.astimezone(ZoneInfo(zone)) for signal in Signal.objects.filter(user=user)}
    assert {local.hour for local in told} == {7}
    days = sorted(local.date() for local in told)
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert change in days[1:-1]


def test_each_user_of_twelve_zones_has_one_briefing_per_local_day() -> None:
    """The full size is `DAYS=365`: a year that begins in March, hour by hour."""
    users = {zone: user_in(zone) for zone in ZONES}
    first = datetime(2026, 3, 28, tzinfo=UTC)
    for hour in range(24 * DAYS):
        with at(first + timedelta(hours=hour, minutes=20)):
            daily_briefing()
    for zone, user in users.items():
        told = [each.astimezone(ZoneInfo(zone)) for each in user.signals.values_list("created_at", flat=True)]
        assert {local.hour for local in told} <= {7, 8}
        days = [local.date() for local in told]
        assert len(days) in {DAYS, DAYS + 1}
        assert sorted(days) == [min(days) + timedelta(days=number) for number in range(len(days))]
    print(f"\n{Signal.objects.count()} briefings in {DAYS} days and {len(ZONES)} zones")


def test_after_downtime_it_catches_up_until_nine_and_not_later() -> None:
    user_in("Europe/Berlin")
    with at(MONDAY.replace(hour=7, minute=59)):
        assert daily_briefing()["told"] == 1
    with at(MONDAY.replace(hour=8) + timedelta(days=1)):
        assert daily_briefing() == {"users": 1, "not_now": 1, "errors": 0}
    assert Signal.objects.count() == 1


def test_who_moves_to_another_zone_gets_no_second_one_that_day() -> None:
    user = user_in("Asia/Tokyo")
    with at(datetime(2026, 11, 22, 22, 30, tzinfo=UTC)):
        assert daily_briefing()["told"] == 1
    Preference.objects.filter(user=user).update(time_zone="Europe/Berlin")
    with at(MONDAY):
        assert daily_briefing() == {"users": 1, "already": 1, "errors": 0}


def test_who_declines_or_has_nothing_connected_gets_none() -> None:
    user_in("Europe/Berlin", wants_briefing=False)
    User.objects.create_user("unconnected", email="x@home.example")
    with at(MONDAY):
        assert daily_briefing() == {"users": 0, "errors": 0}


def test_a_person_may_ask_for_it_at_any_hour_once_a_day() -> None:
    user = user_in("Europe/Berlin")
    with at(MONDAY.replace(hour=18)):
        assert daily_briefing(user_id=user.pk, at_any_hour=True)["told"] == 1
        assert daily_briefing(user_id=user.pk, at_any_hour=True)["already"] == 1


def test_one_users_broken_day_keeps_nobody_else_waiting() -> None:
    broken, _ = user_in("Europe/Berlin"), user_in("Europe/Paris")
    event_of(broken, "Odd", datetime(2026, 11, 23, 9, tzinfo=UTC), attendees=[])
    Preference.objects.filter(user=broken).update(language="xx")
    with at(MONDAY):
        assert daily_briefing() == {"users": 2, "told": 1, "errors": 1}
