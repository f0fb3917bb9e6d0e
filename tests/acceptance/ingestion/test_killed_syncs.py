"""Syncs killed by SIGKILL at random points, at every provider: at the end the rows are those of an undisturbed sync.

SYNC_KILLS=20 is the full size; SEED is the dice's.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

from ingestion.calendar_operations import register_calendar
from ingestion.models import Account, Calendar, Consent
from ingestion.operations import register_account
from ingestion.syncing import sync
from ingestion.syncing_calendars import sync_events
from tests.calendars import vcalendar, vevent
from tests.consents import account_at, calendar_at, configure, fetch_tokens_from
from tests.doubles.gmail import GmailServer
from tests.doubles.google_calendar import GoogleCalendarServer
from tests.doubles.graph import GraphServer
from tests.doubles.graph_calendar import GraphCalendarServer
from tests.dovecot import Dovecot, find_dovecot
from tests.ingested_rows import rows_of_calendar, rows_of_mailbox
from tests.killing import kill_again_and_again, seconds_of
from tests.mailboxes import message
from tests.radicale import Radicale

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
KILLS, SEED = int(os.environ.get("SYNC_KILLS", "3")), int(os.environ.get("SEED", "7"))
FIRST, MORE = 120, 30
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["thursday"], "firstDayOfWeek": "sunday"},
    "range": {"type": "numbered", "startDate": "2026-10-08", "numberOfOccurrences": 5},
}


@dataclass(frozen=True)
class Place:
    """One mailbox or calendar at a server, as two users see it: one is disturbed."""

    disturbed: Account | Calendar
    undisturbed: Account | Calendar
    arrive: Callable[[range], None]
    """Lets things arrive there; the same number means the same thing."""


@pytest.fixture
def gmail(settings: Any) -> Iterator[Place]:
    with GmailServer() as server:
        fetch_tokens_from(server, settings)
        configure(settings, page_mails=10)
        yield Place(account_at(server), account_at(server, user="ben"), lambda some: _deliver(server.deliver, some))


@pytest.fixture
def graph(settings: Any) -> Iterator[Place]:
    with GraphServer() as server:
        fetch_tokens_from(server, settings)
        configure(settings, page_mails=10)
        yield Place(account_at(server), account_at(server, user="ben"), lambda some: _deliver(server.deliver, some))


@pytest.fixture
def imap(settings: Any) -> Iterator[Place]:
    find_dovecot()
    configure(settings, page_mails=10)
    # Dovecot's own users must reach its folder; pytest's folders are closed to others.
    with TemporaryDirectory(prefix="dovecot-") as folder:
        server = Dovecot(Path(folder))
        server.start()
        anna, ben = (
            register_account(User.objects.create_user(name), imap_url=server.url("box"))[0] for name in ("anna", "ben")
        )
        yield Place(anna, ben, lambda some: server.deliver("box", map(_mail, some)))
        server.kill()


@pytest.fixture
def google_calendar(settings: Any) -> Iterator[Place]:
    with GoogleCalendarServer() as server, time_machine.travel(NOW, tick=True):
        fetch_tokens_from(server, settings)

        def arrive(some: range) -> None:
            for n in some:
                rule = {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=8"]} if n % 10 == 0 else {}
                people = [{"email": f"p{n % 7}@x.org", "displayName": f"Person {n % 7}"}]
                server.put(f"e{n}", summary=f"Event {n}", attendees=people, **rule, **_google_times(n))
            server.cancel(
                f"e{some[0]}_x", recurringEventId=f"e{some[0]}", originalStartTime=_google_times(some[0])["start"]
            )

        yield Place(calendar_at(server), calendar_at(server, user="ben"), arrive)


@pytest.fixture
def graph_calendar(settings: Any) -> Iterator[Place]:
    with GraphCalendarServer() as server, time_machine.travel(NOW, tick=True):
        fetch_tokens_from(server, settings)

        def arrive(some: range) -> None:
            for n in some:
                server.put(f"e{n:04}", NOW + (n % 90) * DAY, subject=f"Event {n}")
            starts = [datetime(2026, 10, 8, 7, tzinfo=UTC) + week * 7 * DAY for week in range(5)]
            server.put_series(f"weekly{some[0]}", starts, WEEKLY, subject=f"Weekly {some[0]}")

        yield Place(calendar_at(server), calendar_at(server, user="ben"), arrive)


@pytest.fixture
def caldav(radicale: Radicale) -> Iterator[Place]:
    url = radicale.make("killed")
    with time_machine.travel(NOW, tick=True):
        anna, ben = (
            register_calendar(User.objects.create_user(name), caldav_url=url, zone="Europe/Zurich")[0]
            for name in ("anna", "ben")
        )

        def arrive(some: range) -> None:
            for n in some:
                rule = {"RRULE": "FREQ=WEEKLY;COUNT=10"} if n % 10 == 0 else {}
                radicale.put("killed", f"e{n}", vcalendar(vevent(f"e{n}", "20261015T090000", **rule)))

        yield Place(anna, ben, arrive)


@pytest.mark.req("SW-11", "SW-12")
@pytest.mark.parametrize("provider", ["imap", "gmail", "graph", "caldav", "google_calendar", "graph_calendar"])
def test_a_sync_killed_again_and_again_ends_with_the_rows_of_an_undisturbed_one(
    provider: str, request: pytest.FixtureRequest
) -> None:
    place: Place = request.getfixturevalue(provider)
    arrived, seen = 0, []

    def arrive(count: int) -> None:
        nonlocal arrived
        place.arrive(range(arrived, arrived + count))
        arrived += count

    def over() -> bool:
        # Nobody waits out the lease of a token whose fetcher was killed.
        Consent.objects.update(refreshing_until=None)
        seen.append(_stored(place.disturbed))
        if seen[-1] >= _stored(place.undisturbed):
            arrive(MORE)
        return seen[-1] > max([0, *seen[:-1]])

    arrive(FIRST)
    seconds = seconds_of(lambda: _sync(place.undisturbed))
    ended = kill_again_and_again(
        lambda: _sync(place.disturbed), kills=KILLS, within=seconds / 3, dice=random.Random(SEED), over=over
    )
    for each in (place.disturbed, place.undisturbed):
        _sync(each)
    kills = len(seen) - ended
    print(f"{provider}: {kills} kills, seed {SEED}, {ended} syncs ended before; stored at each: {seen} of {arrived}")
    disturbed, undisturbed = _rows(place.disturbed), _rows(place.undisturbed)
    assert len(undisturbed["objects"]) >= arrived
    assert any(0 < stored < arrived for stored in seen), "no kill fell into the midst of a sync"
    assert disturbed == undisturbed


def _sync(place: Account | Calendar) -> None:
    place.refresh_from_db()
    if isinstance(place, Account):
        sync(place)
    else:
        sync_events(place)


def _stored(place: Account | Calendar) -> int:
    return place.mails.count() if isinstance(place, Account) else place.series.count()


def _rows(place: Account | Calendar) -> dict[str, Any]:
    return rows_of_mailbox(place) if isinstance(place, Account) else rows_of_calendar(place)


def _deliver(deliver: Callable[..., object], some: range) -> None:
    deliver(*map(_mail, some))


def _mail(n: int) -> bytes:
    """Return a mail of today: every third answers the one before, every tenth has a file."""
    raw = message(f"m{n}", subject=f"Subject {n}", sender=f"p{n % 7}@x.org", answers=f"m{n - 1}" if n % 3 == 0 else "")
    today = format_datetime(datetime.now(UTC).replace(hour=0, minute=0, second=n % 60)).encode()
    raw = raw.replace(b"Date: Fri, 01 May 2026 08:00:00 +0000", b"Date: " + today)
    return _with_file(raw, n) if n % 10 == 0 else raw


def _with_file(raw: bytes, n: int) -> bytes:
    head, _, body = raw.partition(b"\n\n")
    part = b'--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="f.txt"\n\nFile %d\n' % n
    return head + b"\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n" + body + part + b"--b--\n"


def _google_times(n: int) -> dict[str, Any]:
    start = datetime(2026, 10, 1 + n % 28, 9, tzinfo=UTC)
    return {
        name: {"dateTime": at.isoformat(), "timeZone": "Europe/Zurich"}
        for name, at in (("start", start), ("end", start + timedelta(hours=1)))
    }
