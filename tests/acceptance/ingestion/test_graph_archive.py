"""An archive at Microsoft 365 over real HTTP: three times is once, over the change of clocks, with every exception."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine

from ingestion.archive_operations import configure_archive
from ingestion.archiving import archive as copy_past
from ingestion.archiving import range_of
from ingestion.calendar_operations import connect_calendar, register_calendar
from ingestion.models import ArchiveConfiguration
from ingestion.providers.errors import MailboxUnavailableError
from ingestion.tasks import archive_calendar, sync_calendar
from jobs.models import Run
from jobs.states import State
from jobs.testing import result_of, run_job
from tests.calendars import vcalendar, vevent
from tests.commands import jobs, refused
from tests.consents import calendar_at, fetch_tokens_from
from tests.doubles.graph_calendar import ARCHIVE, GraphCalendarServer
from tests.doubles.server import Reply, Request

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("AA-1")]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Zurich's clocks go back on the 25th of October.
WEEKLY = vevent(
    "weekly", "20261001T090000", "20261001T100000", RRULE="FREQ=WEEKLY", EXDATE="20261015T090000", CLASS="PRIVATE"
)
MOVED = vevent("weekly", "20261030T110000", "20261030T120000", RECURRENCE_ID="20261029T090000", SUMMARY="Moved")
GONE = vevent("weekly", "20261105T090000", RECURRENCE_ID="20261105T090000", STATUS="CANCELLED")
DAILY = vevent("daily", "20261020T180000", "20261020T183000", RRULE="FREQ=DAILY;COUNT=4")
FAR = vevent("daily", "20261023T200000", "20261023T203000", RECURRENCE_ID="20261021T180000", SUMMARY="Far moved")
LAST_DAYS = vevent("months", "20260831T120000", "20260831T130000", RRULE="FREQ=MONTHLY")
PEOPLE = {"ORGANIZER;CN=Bob": "mailto:bob@x.org", "ATTENDEE;CN=Cleo": "mailto:cleo@x.org"}
PAST = vevent("past", "20261020T140000Z", "20261020T150000Z", LOCATION="Room 5", DESCRIPTION="Agenda", **PEOPLE)
FLOATING = vevent("floating", "20261021T080000", "20261021T090000").replace(";TZID=Europe/Zurich", "")
DAY = vevent("day", "20261024", "20261026")
AHEAD = vevent("ahead", "20261124T090000Z", "20261124T100000Z")
DAYS = {"first": "2026-10-05", "last": "2026-11-15"}
COPIED = [
    ("Event weekly", "10-08 07:00", "private", True),
    ("Event daily", "10-20 16:00", "normal", True),
    ("Event past", "10-20 14:00", "normal", False),
    ("Event floating", "10-21 06:00", "normal", False),
    ("Event daily", "10-22 16:00", "normal", True),
    ("Event weekly", "10-22 07:00", "private", True),
    # Beyond its neighbours no occurrence may be moved.
    ("Event daily", "10-23 16:00", "normal", True),
    ("Far moved", "10-23 18:00", "normal", False),
    ("Event day", "10-23 22:00", "normal", False),
    ("Moved", "10-30 10:00", "private", True),
    # Microsoft's last day of the month isn't the 31st.
    ("Event months", "10-31 11:00", "normal", False),
    ("Event weekly", "11-12 08:00", "private", True),
]


@pytest.fixture
def server(settings: Any) -> Iterator[GraphCalendarServer]:
    with GraphCalendarServer() as running, time_machine.travel(NOW, tick=True):
        fetch_tokens_from(running, settings)
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.ics"
    path.write_text(vcalendar(WEEKLY, MOVED, GONE, DAILY, FAR, LAST_DAYS, PAST, FLOATING, DAY, AHEAD))
    return path


@pytest.fixture
def archive(server: GraphCalendarServer, source: Path) -> ArchiveConfiguration:
    own = calendar_at(server)
    assert own.consent
    read, _ = register_calendar(own.owner, ics=source, zone="Europe/Zurich")
    target = connect_calendar(own.owner, consent=own.consent, name=ARCHIVE, base_url=server.base_url)
    return configure_archive(own.owner, source=read, target=target, zone="Europe/Zurich")


def archived(archive: ArchiveConfiguration) -> Run:
    return run_job(archive_calendar, configuration_id=archive.pk, **DAYS)


def by_start(copies: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(copies, key=lambda each: (each[1], each[0]))


def test_three_runs_leave_what_one_does(server: GraphCalendarServer, archive: ArchiveConfiguration) -> None:
    first = archived(archive)
    assert (first.state, first.error_message) == (State.SUCCESS, "")
    assert result_of(first) == {"found": 12, "copied": 12, "already": 0, "twins": 0, "unreadable": 0}
    assert server.archive.shown() == by_start(COPIED)
    once, writes = dict(server.archive.events), server.archive.writes
    for _ in range(2):
        assert result_of(archived(archive))["already"] == 12
    assert (server.archive.events, server.archive.writes) == (once, writes)
    # Even what was put but not noted finds itself there.
    archive.archived.all().delete()
    assert result_of(archived(archive))["copied"] == 12
    assert (server.archive.events, server.archive.writes) == (once, writes)


def test_nobody_is_invited_or_reminded_and_who_took_part_is_in_the_text(
    server: GraphCalendarServer, archive: ArchiveConfiguration
) -> None:
    archived(archive)
    (past,) = (event for event in server.archive.events.values() if event["subject"] == "Event past")
    assert past["body"]["content"] == "Agenda\n\nOrganizer: Bob <bob@x.org>\nAttendees: Cleo <cleo@x.org>"
    assert past["location"] == {"displayName": "Room 5"}
    assert not [event for event in server.archive.events.values() if "attendees" in event or event["isReminderOn"]]


def test_a_changed_event_replaces_its_copy(
    server: GraphCalendarServer, archive: ArchiveConfiguration, source: Path
) -> None:
    archived(archive)
    source.write_text(source.read_text().replace("Event weekly", "Better name").replace("Event past", "Another"))
    assert archived(archive).state == State.SUCCESS
    renamed = {"Event weekly": "Better name", "Event past": "Another"}
    wanted = [(renamed.get(subject, subject), *rest) for subject, *rest in COPIED]
    assert server.archive.shown() == by_start(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_an_archiving_cut_off_anywhere_ends_the_same(
    server: GraphCalendarServer, archive: ArchiveConfiguration, seed: int
) -> None:
    reply, chance, cuts = server._reply, Random(seed), 0

    def cut(request: Request) -> Reply:
        """Break off after what was asked has been done: the client never hears of it."""
        nonlocal cuts
        done = reply(request)
        if (ARCHIVE not in request.path and "/events/" not in request.path) or chance.random() > 0.3:
            return done
        cuts += 1
        return Reply(503)

    server._answer = cut
    for _ in range(40):
        if archived(archive).state == State.SUCCESS:
            break
    assert cuts > 2
    assert server.archive.shown() == by_start(COPIED)


@pytest.mark.req("AA-4")
def test_the_command_line_takes_a_connected_calendar_for_the_target(
    server: GraphCalendarServer, archive: ArchiveConfiguration
) -> None:
    ArchiveConfiguration.objects.all().delete()
    words = ("archive", "schedule", "--user", "anna", "--source", str(archive.source.pk), "--target-calendar")
    assert refused(*words, "999")[0] == 2
    jobs(*words, str(archive.target.pk), "--zone", "Europe/Zurich")
    made = ArchiveConfiguration.objects.get()
    assert (made.source, made.target, made.zone) == (archive.source, archive.target, "Europe/Zurich")


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(
    server: GraphCalendarServer, archive: ArchiveConfiguration
) -> None:
    sync_calendar(calendar_id=archive.source.pk)
    server.busy = 9
    with pytest.raises(MailboxUnavailableError) as failure:
        copy_past(archive, within=range_of(archive, first=date(2026, 10, 5), last=None, now=NOW))
    assert failure.value.retry_after == 17.0
    assert 0 < len(server.archive.shown()) < len(COPIED)
    assert archived(archive).state == State.SUCCESS
    assert server.archive.shown() == by_start(COPIED)
