"""The page of dead letters groups them by error, and replays or discards a group."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jobs.models import Run
from jobs.states import State
from jobs.testing import drain, result_of
from tests import tasks_for_tests
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-22", "SK-12")]
assert tasks_for_tests
PAGE = "/admin/jobs/run/dead-letters/"
OURS, OTHERS = "a" * 16, "b" * 16


def _letters(count: int, *, fingerprint: str = OURS, **columns: Any) -> list[Run]:
    given = {"job": "add", "kwargs": {"x": 1}, "state": State.FAILED, "finished_at": NOON, "error_kind": "OSError"}
    given |= {"error_message": "<no> route", "error_fingerprint": fingerprint, **columns}
    return [saved_run(**given) for _ in range(count)]


def _said(client: Client, wish: str, *, fingerprint: str = OURS, job: str = "add") -> str:
    posted = client.post(PAGE, {"fingerprint": fingerprint, "job": job, "wish": wish}, follow=True)
    return str(next(iter(posted.context["messages"])))


def _open(fingerprint: str) -> int:
    return Run.objects.dead_letters().filter(error_fingerprint=fingerprint).count()


def test_each_error_is_one_group_that_leads_to_its_runs(admin_client: Client) -> None:
    letters = _letters(3)
    _letters(1, fingerprint=OTHERS)
    page = admin_client.get(PAGE)
    assert [(group.fingerprint, group.count) for group in page.context["groups"]] == [(OURS, 3), (OTHERS, 1)]
    assert "&lt;no&gt; route" in page.content.decode()
    listed = admin_client.get(f"/admin/jobs/run/?state=dead&job=add&q={OURS}").context["cl"].result_list
    assert {run.pk for run in listed} == {run.pk for run in letters}


def test_no_dead_letters_are_said(admin_client: Client) -> None:
    assert b"No dead letters" in admin_client.get(PAGE).content


def test_one_is_replayed_the_oldest_first(admin_client: Client) -> None:
    oldest = _letters(3)[0]
    assert _said(admin_client, "one") == "add: replayed 1."
    assert (Run.objects.get(pk=oldest.pk).state, _open(OURS)) == (State.QUEUED, 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("wish", "steps"), [("canary", [1, 10, 100]), ("all", [])])
def test_a_group_is_replayed_by_a_run_of_its_own(wish: str, steps: list[int], admin_client: Client) -> None:
    _letters(12)
    _letters(1, fingerprint=OTHERS)
    said = _said(admin_client, wish)
    run = Run.objects.get(job="replay_dead_letters")
    assert f"/admin/jobs/run/{run.pk}/change/" in said
    assert (run.kwargs["steps"], run.cause) == (steps, "admin")
    drain()
    assert result_of(run) == {"replayed": 12, "refused": 0, "failed": 0, "stopped": False}
    assert (_open(OURS), _open(OTHERS)) == (0, 1)


def test_a_group_is_discarded(admin_client: Client) -> None:
    _letters(3)
    _letters(1, fingerprint=OTHERS)
    assert _said(admin_client, "discard") == "add: discarded 3."
    assert (_open(OURS), _open(OTHERS)) == (0, 1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fingerprint": "c" * 16}, "These dead letters are gone"),
        ({"job": ""}, "These dead letters are gone"),
        ({"wish": "eat"}, "There is no wish 'eat'."),
    ],
)
def test_what_can_not_be_done_is_said_and_nothing_changes(
    fields: dict[str, str], words: str, admin_client: Client
) -> None:
    _letters(2)
    before = list(Run.objects.order_by("pk").values())
    said = _said(admin_client, **{"wish": "discard", **fields})
    assert said.startswith(words)
    assert list(Run.objects.order_by("pk").values()) == before
