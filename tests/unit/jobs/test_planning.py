"""The next fire after an edit, a pause or a resume: nothing at once, nothing lost, the phase kept."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.scheduling.planning import Plan, Wanted, plan_anew

TEN = datetime(2025, 1, 1, 10, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
EIGHT, NINE = "cron 0 8 * * * @UTC", "cron 0 9 * * * @UTC"


@pytest.mark.parametrize(
    ("plan", "wanted", "resumed", "next_fire_at"),
    [
        pytest.param(Plan(), Wanted("every 60", True), False, TEN + MINUTE, id="new"),
        pytest.param(Plan(), Wanted("every 60", False), False, None, id="new and paused"),
        pytest.param(Plan(), Wanted("", True), False, None, id="without a rule"),
        pytest.param(Plan(EIGHT, TEN, TEN + 22 * HOUR), Wanted(NINE, True), False, TEN + 23 * HOUR, id="another rule"),
        pytest.param(Plan(EIGHT, TEN, TEN - 2 * HOUR), Wanted(EIGHT, True), False, TEN - 2 * HOUR, id="same rule, due"),
        pytest.param(Plan(EIGHT, TEN, TEN - 2 * HOUR), Wanted(EIGHT, True), True, TEN + 22 * HOUR, id="resumed, due"),
        pytest.param(Plan(EIGHT, TEN, TEN + 22 * HOUR), Wanted(EIGHT, False), False, None, id="paused"),
        pytest.param(
            Plan("every 3600", TEN - 9.5 * HOUR), Wanted("every 3600", True), True, TEN + HOUR / 2, id="keeps its phase"
        ),
        pytest.param(
            Plan("every 3600", TEN - 9.5 * HOUR), Wanted("every 60", True), True, TEN + MINUTE, id="another phase"
        ),
        pytest.param(Plan(), Wanted(NINE, True, TEN + 22 * HOUR), False, None, id="ends before"),
        pytest.param(Plan(), Wanted(NINE, True, TEN + 23 * HOUR), False, TEN + 23 * HOUR, id="ends with the fire"),
        pytest.param(Plan(EIGHT, TEN, TEN + 22 * HOUR), Wanted(EIGHT, True, TEN), False, None, id="ends now"),
    ],
)
@pytest.mark.req("PL-2")
def test_the_next_fire_after_an_edit(plan: Plan, wanted: Wanted, resumed: bool, next_fire_at: datetime | None) -> None:
    made = plan_anew(plan, wanted, edited_at=TEN, is_resume=resumed)
    assert (made.rule, made.next_fire_at, made.problem) == (wanted.rule, next_fire_at, "")


def test_a_rule_that_never_comes_is_the_plans_problem() -> None:
    made = plan_anew(Plan(), Wanted("cron 0 0 31 2 * @UTC", True), edited_at=TEN, is_resume=False)
    assert (made.next_fire_at, made.problem) == (None, "day of month: 31 never comes in Feb")
