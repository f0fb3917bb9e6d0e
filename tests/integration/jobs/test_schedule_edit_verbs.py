"""Schedules are added, changed, removed, looked up in their history and backfilled from the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django_celery_beat.models import PeriodicTask

from jobs.models import Run, SchedulePlan
from tests import tasks_for_tests
from tests.commands import jobs, jobs_json, refused
from tests.rows import NOON
from tests.schedules import added

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-2")]
assert tasks_for_tests


def test_add_set_history_revert_and_remove_tell_one_story() -> None:
    made = jobs_json(
        "schedule", "add", "nightly", "--job", "add", "--rule", "30 2 * * *", "-a", "x=1", "zone=Europe/Zurich",
        "queue=email", "grace_seconds=60",
    )  # fmt: skip
    assert (made["rule"], made["zone"], made["queue"], made["grace_seconds"]) == (
        "At 02:30",
        "Europe/Zurich",
        "email",
        60,
    )
    changed = jobs_json("schedule", "set", "nightly", "--rule", "every 5 minutes", "-a", "y=2", "queue=")
    assert (changed["changed"], changed["kwargs"], changed["rule"]) == (
        ["queue", "rule", "kwargs"], {"x": 1, "y": 2}, "Every 5 minutes",
    )  # fmt: skip
    edited, created = jobs_json("schedule", "history", "nightly")
    assert (created["action"], edited["action"], edited["asker"][-19:]) == ("created", "edited", "on the command line")
    assert "every 5 minutes" in jobs("schedule", "history")
    assert jobs("schedule", "revert", str(edited["id"])) == f"nightly: change {edited['id']} is taken back\n"
    assert jobs_json("schedule", "show", "nightly")["rule"] == "At 02:30"
    assert jobs("schedule", "set", "nightly", "queue=email") == "it is so already\n"
    assert jobs_json("schedule", "duplicate", "nightly")["name"] == "nightly (copy)"
    assert jobs("schedule", "remove", "nightly", "nightly (copy)", "--yes") == "2 removed\n"
    assert PeriodicTask.objects.count() == 0


def test_what_could_not_run_exits_2_and_names_the_setting() -> None:
    base = ("schedule", "add", "bad", "--job", "add", "-a", "x=1")
    assert refused(*base, "--rule", "at 2001-01-01") == (2, "rule: this time never comes")
    assert refused(*base, "--rule", "0 0 31 2 *")[0] == 2
    assert refused(*base, "--rule", "daily 07:30", "zone=Mars")[0] == 2
    assert refused(*base, "--rule", "daily 07:30", "colour=red")[1].startswith("write setting=value, not 'colour=red'")
    assert refused("schedule", "set", "bad", "queue=x") == (
        2, "no schedule is called 'bad'; `jobs schedule list` shows them",
    )  # fmt: skip
    assert refused("schedule", "revert", "99")[0] == 2
    assert PeriodicTask.objects.count() == 0


def test_add_for_makes_a_users_schedule_and_remove_of_takes_them_all() -> None:
    User.objects.create_user("anna")
    made = jobs_json("schedule", "add-for", "anna", "--job", "noted", "--at", "7:30", "--weekday", "mon")
    assert (made["name"], made["owner"], made["rule"]) == (
        "noted for anna, weekly mon 07:30", "anna", "At 07:30, only on Monday",
    )  # fmt: skip
    assert [each["name"] for each in jobs_json("schedule", "list", "--owner", "anna")] == [made["name"]]
    assert refused("schedule", "add-for", "anna", "--job", "noted", "--at", "25:00")[0] == 2
    assert refused("schedule", "remove", "--of", "anna")[1].endswith("add --yes; nothing was deleted")
    assert jobs_json("schedule", "remove", "--of", "anna", "--yes") == {"removed": 1}


def test_backfill_says_how_many_and_does_it_once() -> None:
    added("ticks", rule="every 10 minutes")
    SchedulePlan.objects.update(next_fire_at=NOON)
    wanted = (
        "schedule",
        "backfill",
        "ticks",
        "--from",
        NOON.isoformat(),
        "--to",
        (NOON + timedelta(hours=1)).isoformat(),
    )
    assert refused(*wanted)[1].startswith("Enqueue 7 run(s) of add? 0 fire time(s) have one already.")
    assert Run.objects.count() == 0
    assert jobs_json(*wanted, "--yes") == {"enqueued": 7, "done_before": 0}
    assert jobs_json(*wanted, "--yes") == {"enqueued": 0, "done_before": 7}
