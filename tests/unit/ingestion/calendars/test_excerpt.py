"""A recurring event cut down gives exactly the wanted occurrences, at their very times, and stays recurring."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.calendars.excerpt import excerpt
from ingestion.calendars.ics_text import parse_calendar
from ingestion.calendars.occurrences import Occurrence, occurrences
from tests.calendars import vcalendar, vevent

pytestmark = pytest.mark.req("AA-1")
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
RULES = [
    "FREQ=DAILY;COUNT=40",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=MONTHLY;BYDAY=-1FR;COUNT=9",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=WEEKLY;UNTIL=20261220T080000Z",
    "FREQ=DAILY;INTERVAL=3",
]
STARTS = ["20260302T090000", "20260302T090000Z", "20260302"]


def expanded(text: str) -> list[Occurrence]:
    return occurrences(parse_calendar(text), since=SINCE, until=UNTIL, zone="Europe/Zurich")


@settings(max_examples=40)
@given(st.data(), st.sampled_from(RULES), st.sampled_from(STARTS))
def test_any_choice_of_occurrences_is_kept_exactly(data: st.DataObject, rule: str, start: str) -> None:
    rule = rule.replace("T080000Z", "") if "T" not in start else rule
    text = vcalendar(vevent("a", start, RRULE=rule))
    everything = expanded(text)
    chosen = data.draw(st.sets(st.sampled_from([each.occurrence for each in everything]), min_size=1, max_size=12))
    wanted = [each for each in everything if each.occurrence in chosen]
    assert expanded(excerpt(text, chosen, zone="Europe/Zurich")) == wanted


def test_the_rule_an_exception_and_privacy_are_kept_over_the_change_of_the_clocks() -> None:
    master = vevent(
        "a", "20261001T090000", "20261001T100000", RRULE="FREQ=WEEKLY", EXDATE="20261015T090000", CLASS="PRIVATE"
    )
    moved = vevent("a", "20261030T110000", "20261030T120000", RECURRENCE_ID="20261029T090000", SUMMARY="Moved")
    text = vcalendar(master, moved)
    wanted = [each for each in expanded(text) if "20261008" <= each.occurrence < "20261106"]
    cut = excerpt(text, {each.occurrence for each in wanted}, zone="Europe/Zurich")
    assert expanded(cut) == wanted
    assert [each.starts_at.hour for each in wanted] == [7, 7, 10, 8]
    assert "RRULE:FREQ=WEEKLY;UNTIL=20261105T080000Z" in cut
    assert "CLASS:PRIVATE" in cut


def test_what_does_not_recur_stays_as_it_is() -> None:
    text = vcalendar(vevent("a", CLASS="PRIVATE", LOCATION="Room 5"))
    assert expanded(excerpt(text, {""}, zone="UTC")) == expanded(text)
