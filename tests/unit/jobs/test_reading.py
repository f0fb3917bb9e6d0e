"""What people type after `jobs` is read as they mean it, and slips are told instead of guessed at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.management import CommandError

from jobs.cli.reading import read_arguments, read_state, read_time

pytestmark = pytest.mark.req("SW-2")


@pytest.mark.parametrize(
    ("pairs", "values"),
    [
        ([], {}),
        (["user_id=7", "full=true", "since=null"], {"user_id": 7, "full": True, "since": None}),
        (["name=anna", 'code="007"', "empty="], {"name": "anna", "code": "007", "empty": ""}),
        (['where={"a": [1, 2]}', "formula=a=b"], {"where": {"a": [1, 2]}, "formula": "a=b"}),
        (["ratio=NaN", "day=2026-03-01"], {"ratio": "NaN", "day": "2026-03-01"}),
    ],
)
def test_values_are_json_and_what_is_no_json_is_a_string(pairs: list[str], values: dict[str, Any]) -> None:
    assert read_arguments(pairs) == values


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        (["user_id"], "-a takes key=value, not 'user_id'"),
        (["=7"], "-a takes key=value, not '=7'"),
        (["a=1", "a=2"], "-a a is given twice"),
        (['where={"a": 1'], "-a where: not JSON"),
        (["ids=[1, 2"], "-a ids: not JSON"),
        (['name="anna'], "-a name: not JSON"),
    ],
)
def test_a_slip_is_bad_usage(pairs: list[str], complaint: str) -> None:
    with pytest.raises(CommandError) as refusal:
        read_arguments(pairs)
    assert str(refusal.value).startswith(complaint)
    assert refusal.value.returncode == 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, None),
        ("2026-05-01T09:00", datetime(2026, 5, 1, 9, tzinfo=UTC)),
        ("2026-05-01T09:00:00Z", datetime(2026, 5, 1, 9, tzinfo=UTC)),
        ("2026-05-01T09:00+02:00", datetime(2026, 5, 1, 9, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_time_without_zone_is_utc(text: str | None, moment: datetime | None) -> None:
    assert read_time(text) == moment


def test_a_time_that_is_none_is_bad_usage() -> None:
    with pytest.raises(CommandError, match="not an ISO 8601 time: 'tomorrow'"):
        read_time("tomorrow")


@pytest.mark.parametrize(
    ("text", "state"), [(None, ""), ("FAILED", "failed"), ("Dead", "dead"), ("waiting", "waiting")]
)
def test_a_state_is_known_in_any_case(text: str | None, state: str) -> None:
    assert read_state(text) == state


def test_an_unknown_state_is_bad_usage_and_the_known_ones_are_told() -> None:
    with pytest.raises(CommandError, match="there is no state 'done'; there are waiting, dead, scheduled, queued"):
        read_state("done")
