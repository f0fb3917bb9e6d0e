"""Exchanges from their opening to their purge, on a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from jobs.models import Run
from notifications.exchanges.lifecycle import (
    ImpossibleError,
    WrongStateError,
    complete_if_over,
    match_exchange,
    open_exchange,
)
from notifications.exchanges.tokens import new_token, use_token
from notifications.models import AccessToken, Delivery, Exchange, Participant, Signal
from notifications.tasks import complete_exchanges, delete_spent_tokens, purge_exchanges

from .conftest import ExchangeMaker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DONE = datetime(2026, 12, 25, tzinfo=UTC)


def test_excluded_people_never_give_to_each_other(new_exchange: ExchangeMaker) -> None:
    exchange = new_exchange("Ann", "Bob", "Cem", "Dee")
    ann, bob, cem, dee = exchange.participants.order_by("pk")
    ann.excluded.set([bob, cem])
    for _ in range(10):
        match_exchange(exchange, now=NOW)
        ann.refresh_from_db()
        assert ann.gives_to == dee
        assert set(exchange.participants.values_list("gives_to", flat=True)) == {ann.pk, bob.pk, cem.pk, dee.pk}
        open_exchange(exchange, now=NOW)


def test_who_withdrew_gives_and_gets_nothing(new_exchange: ExchangeMaker) -> None:
    exchange = new_exchange("Ann", "Bob", "Cem")
    exchange.participants.filter(name="Cem").update(withdrawn_at=NOW)
    match_exchange(exchange, now=NOW)
    given = dict(exchange.participants.values_list("name", "gives_to__name"))
    assert given == {"Ann": "Bob", "Bob": "Ann", "Cem": None}


def test_the_impossible_is_refused_and_changes_nothing(new_exchange: ExchangeMaker) -> None:
    exchange = new_exchange("Ann", "Bob", "Cem")
    ann, bob, cem = exchange.participants.order_by("pk")
    ann.excluded.set([bob, cem])
    with pytest.raises(ImpossibleError, match="Ann may give to nobody"):
        match_exchange(exchange, now=NOW)
    assert Exchange.objects.get().state == "open"
    assert not Run.objects.exists()


@pytest.mark.parametrize("state", ["draft", "matched", "completed", "purged"])
def test_only_an_open_exchange_can_be_matched(new_exchange: ExchangeMaker, state: str) -> None:
    with pytest.raises(WrongStateError, match=f"is {state} and can't become matched"):
        match_exchange(new_exchange(state=state), now=NOW)


@pytest.mark.req("SK-3")
def test_matched_exchanges_whose_day_has_passed_are_completed_each_alone(new_exchange: ExchangeMaker) -> None:
    berlin = new_exchange(state="matched", day=date(2026, 12, 23))
    angeles = new_exchange(state="matched", day=date(2026, 12, 24), time_zone="America/Los_Angeles")
    broken = new_exchange(state="matched", day=date(2026, 12, 23), reminder_days=["x"])
    new_exchange(state="open", day=date(2026, 12, 1))
    with time_machine.travel(DONE, tick=False):
        found = complete_exchanges()
        assert found == {"completed": 2, "not_yet": 1, "errors": 0}
        assert complete_if_over(berlin, now=DONE) is False
    states = {each.pk: (each.state, each.completed_at) for each in Exchange.objects.exclude(state="open")}
    assert states == {
        berlin.pk: ("completed", DONE),
        angeles.pk: ("matched", None),
        broken.pk: ("completed", DONE),
    }


@pytest.mark.req("SK-4")
def test_the_organiser_is_warned_once_and_the_people_are_gone_after_30_days(
    new_exchange: ExchangeMaker,
) -> None:
    exchange = new_exchange(state="completed", completed_at=DONE)
    Delivery.objects.create(key=f"exchange:{exchange.pk}:reminder:7:1", channel="email", next_attempt_at=DONE)
    results = {}
    for day in (22, 23, 24, 29, 30, 31):
        with time_machine.travel(DONE + timedelta(days=day, hours=2), tick=False):
            results[day] = purge_exchanges()
    nothing = {"purged": 0, "warned": 0, "errors": 0}
    assert results == {
        22: nothing,
        23: {**nothing, "warned": 1},
        24: nothing,
        29: nothing,
        30: {**nothing, "purged": 1},
        31: nothing,
    }
    signal = Signal.objects.get()
    assert (signal.user, signal.title) == (
        exchange.organiser,
        "Winter gifts will be deleted on Sunday, 24 January 2027",
    )
    exchange.refresh_from_db()
    assert (exchange.state, exchange.purged_people, exchange.name) == ("purged", 3, f"purged {exchange.pk}")
    assert not Participant.objects.exists()
    assert not Delivery.objects.filter(signal=None).exists()


@pytest.mark.req("SK-5")
@pytest.mark.parametrize(
    ("made", "first_used", "asked", "works"),
    [
        (0, None, timedelta(days=13, hours=23), True),
        (0, None, timedelta(days=14), False),
        (0, timedelta(0), timedelta(hours=23), True),
        (0, timedelta(0), timedelta(hours=24), False),
    ],
)
def test_a_link_works_two_weeks_and_a_day_after_its_first_use(
    new_exchange: ExchangeMaker, made: int, first_used: timedelta | None, asked: timedelta, works: bool
) -> None:
    person = new_exchange().participants.get(name="Ann")
    token = new_token(person, now=NOW)
    if first_used is not None:
        assert use_token(token, now=NOW + first_used) == person
    assert (use_token(token, now=NOW + asked) == person) is works
    with time_machine.travel(NOW + asked, tick=False):
        assert delete_spent_tokens() == {"deleted": 0 if works else 1}


def test_only_the_digest_of_a_link_is_kept(new_exchange: ExchangeMaker) -> None:
    token = new_token(new_exchange().participants.get(name="Ann"), now=NOW)
    assert len(token) >= 43
    assert token not in str(AccessToken.objects.values().get())
    assert use_token(token[:-1], now=NOW) is None
    assert use_token("", now=NOW) is None


def test_a_link_shows_its_owner_whom_they_give_to_and_switches_reminders(
    new_exchange: ExchangeMaker, client: Client
) -> None:
    exchange = new_exchange()
    person = exchange.participants.get(name="Ann")
    with time_machine.travel(NOW, tick=False):
        url = f"/exchange/{new_token(person, now=NOW)}/"
        assert "not drawn yet" in client.get(url).content.decode()
        match_exchange(exchange, now=NOW)
        person.refresh_from_db()
        response = client.get(url)
        assert person.gives_to is not None
        assert f'<p class="to">{person.gives_to.name}</p>' in response.content.decode()
        assert (response["Referrer-Policy"], "no-store" in response["Cache-Control"]) == ("no-referrer", True)
        client.post(url)
        person.refresh_from_db()
        assert person.wants_reminders is False
        client.post(url, {"remind": "1"})
        person.refresh_from_db()
        assert person.wants_reminders is True
        assert client.get("/exchange/nonsense/").status_code == 404


def test_the_admin_opens_draws_and_tells_what_is_impossible(new_exchange: ExchangeMaker, admin_client: Client) -> None:
    exchange = new_exchange("Ann", state="draft", day=date(2099, 12, 24))
    url = reverse("admin:notifications_exchange_changelist")

    def act(action: str) -> str:
        chosen = {"action": action, "_selected_action": [exchange.pk]}
        return admin_client.post(url, chosen, follow=True).content.decode()

    assert "is draft and can&#x27;t become matched" in act("draw_names")
    assert "is open." in act("let_people_in")
    assert "it takes at least two people" in act("draw_names")
    Participant.objects.create(exchange=exchange, name="Bob", address="bob@home.example")
    assert "is matched; everybody gets a link." in act("draw_names")
    page = admin_client.get(reverse("admin:notifications_exchange_change", args=[exchange.pk])).content.decode()
    assert "gives_to" not in page
    assert Run.objects.waiting().filter(job="remind_participants").count() == 3
