"""The run pages read, mask, and stay quick: no COUNT, one page's rows, whatever the filter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import State
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-3", "PW-4")]
RUNS = "/admin/jobs/run/"


def _ids(client: Client, query: str = "") -> list[str]:
    response = client.get(f"{RUNS}{query}")
    assert response.status_code == 200, response.headers.get("Location")
    return [str(run.pk) for run in response.context["cl"].result_list]


def _pages(client: Client) -> Iterator[tuple[list[str], str, str]]:
    query = "?"
    while query:
        changes = client.get(f"{RUNS}{query}").context["cl"]
        yield [str(run.pk) for run in changes.result_list], changes.newer_link, changes.older_link
        query = changes.older_link


def test_the_list_goes_through_120_runs_in_3_pages_and_back(admin_client: Client) -> None:
    runs = [saved_run(created_at=NOON + timedelta(seconds=number)) for number in range(120)]
    newest_first = [str(run.pk) for run in reversed(runs)]
    pages = list(_pages(admin_client))
    assert [len(ids) for ids, _, _ in pages] == [50, 50, 20]
    assert [run for ids, _, _ in pages for run in ids] == newest_first
    assert pages[0][1] == ""
    assert _ids(admin_client, pages[2][1]) == newest_first[50:100]


def test_the_list_counts_nothing_and_its_queries_do_not_grow_with_it(admin_client: Client) -> None:
    costs = []
    for more in (1, 60):
        for number in range(more):
            saved_run(created_at=NOON + timedelta(seconds=number))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            admin_client.get(RUNS)
        costs.append(len(queries))
        of_runs = [query["sql"] for query in queries if "jobs_run" in query["sql"]]
        assert len(of_runs) == 1
        assert "LIMIT 51" in of_runs[0]
        assert "COUNT(" not in of_runs[0].upper()
        assert '"jobs_run"."kwargs"' not in of_runs[0]
    assert costs[0] == costs[1]


def test_a_made_up_cursor_leads_back_to_the_list(admin_client: Client) -> None:
    response = admin_client.get(f"{RUNS}?cursor=nonsense")
    assert (response.status_code, response.headers["Location"]) == (302, f"{RUNS}?e=1")


def test_the_filters_narrow_by_state_job_queue_cause_and_time(admin_client: Client) -> None:
    failed = saved_run(job="add", state=State.FAILED, queue="email", cause=Cause.API)
    closed = saved_run(job="add", state=State.FAILED, resolved_at=NOON)
    waiting = saved_run(job="plain", state=State.RETRYING)
    assert _ids(admin_client, "?state=dead") == [str(failed.pk)]
    assert _ids(admin_client, "?state=failed") == [str(closed.pk), str(failed.pk)]
    assert _ids(admin_client, "?state=waiting") == _ids(admin_client, "?job=plain") == [str(waiting.pk)]
    assert _ids(admin_client, "?queue=email") == _ids(admin_client, "?cause=api") == [str(failed.pk)]
    assert _ids(admin_client, "?enqueued=24h") == []
    assert _ids(admin_client, "?state=nonsense") == []


def test_search_finds_by_id_correlation_id_and_owner(admin_client: Client) -> None:
    run = saved_run(owner=User.objects.create_user("anna"))
    saved_run()
    for term in (str(run.pk), run.correlation_id, "anna"):
        assert _ids(admin_client, f"?q={term}") == [str(run.pk)]


def test_a_runs_page_tells_its_life_and_hides_its_secrets(admin_client: Client) -> None:
    run = saved_run(
        job="add",
        state=State.FAILED,
        kwargs={"x": 1, "password": "hunter2"},
        error_kind="OSError",
        error_message="no route <b>",
        finished_at=NOON,
        attempts=[{"attempt": 1, "started_at": NOON.isoformat(), "ended_at": NOON.isoformat(), "kind": "OSError"}],
    )
    child = saved_run(job="noted", parent=run)
    page = admin_client.get(reverse("admin:jobs_run_change", args=[run.pk])).content.decode()
    for part in (
        "Enqueued by code",
        "Attempt 1 failed",
        "a dead letter",
        run.correlation_id,
        "no route &lt;b&gt;",
        str(child.pk),
    ):
        assert part in page
    assert "hunter2" not in page


@pytest.mark.parametrize("state", State)
def test_a_run_in_any_state_has_a_page_and_a_line(admin_client: Client, state: State) -> None:
    run = saved_run(state=state)
    assert admin_client.get(reverse("admin:jobs_run_change", args=[run.pk])).status_code == 200
    assert _ids(admin_client) == [str(run.pk)]


def test_a_run_that_was_pruned_is_told(admin_client: Client) -> None:
    response = admin_client.get(f"{RUNS}0199c9a0-0000-7000-8000-000000000000/change/", follow=True)
    assert response.redirect_chain[0][0] == "/admin/"
    assert "Perhaps it was deleted?" in response.content.decode()


def test_nobody_adds_changes_or_deletes_a_run_by_hand(admin_client: Client) -> None:
    run = saved_run()
    page = reverse("admin:jobs_run_change", args=[run.pk])
    assert admin_client.get(f"{RUNS}add/").status_code == 403
    assert admin_client.post(page, {"state": State.SUCCESS}).status_code == 403
    assert admin_client.post(reverse("admin:jobs_run_delete", args=[run.pk]), {"post": "yes"}).status_code == 403
    assert Run.objects.get().state == State.QUEUED


def test_staff_sees_runs_only_with_the_permission(client: Client) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    run = saved_run()
    pages = [RUNS, reverse("admin:jobs_run_change", args=[run.pk])]
    assert [client.get(page).status_code for page in pages] == [403, 403]
    staff.user_permissions.add(Permission.objects.get(codename="view_run"))
    assert [client.get(page).status_code for page in pages] == [200, 200]


def test_the_page_of_an_unfinished_run_renews_itself_until_it_has_ended(admin_client: Client, client: Client) -> None:
    run = saved_run(state=State.RUNNING, started_at=NOON, progress={"done": 3, "total": 4, "note": "anna"})
    page, part = f"{RUNS}{run.pk}/change/", {"X-Part": "1"}
    assert 'data-refresh="5"' in admin_client.get(page).content.decode()
    answer = admin_client.get(page, headers=part)
    assert ("<html" in answer.content.decode(), 'aria-valuenow="75"' in answer.content.decode()) == (False, True)
    assert "X-Final" not in answer
    Run.objects.filter(pk=run.pk).update(state=State.SUCCESS, finished_at=NOON)
    assert admin_client.get(page, headers=part)["X-Final"] == "1"
    assert "data-refresh" not in admin_client.get(page).content.decode()
    client.force_login(User.objects.create_user("plain", is_staff=True))
    assert client.get(page, headers=part).status_code == 403
