"""Runs through the API: enqueued once per key, paged, waited for, retried with other arguments; errors are problems."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from jobs import inflight, tokens
from jobs.api import waiting
from jobs.models import ApiToken, KeptReply, Run
from jobs.models.token import KEPT
from jobs.prune import prune
from jobs.states import State
from tests import tasks_for_tests
from tests.integration.jobs.api.conftest import API, Caller, MakeCaller
from tests.integration.jobs.conftest import all_at_once
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("PW-6", "AQ-6")]
assert tasks_for_tests


def enqueue(who: Caller, body: Any = None, **headers: str) -> Any:
    return who.post("jobs/add/runs", body or {"args": {"x": 2, "y": 3}}, **headers)


def test_a_run_is_enqueued_for_whoever_asks(operator: Caller) -> None:
    response = enqueue(operator, {"args": {"x": 2}, "priority": 7, "eta": "2126-01-01T00:00:00+01:00"})
    run = Run.objects.get()
    assert (response.status_code, response.json()["id"]) == (202, str(run.pk))
    assert (run.owner, run.cause, run.priority, run.state) == (operator.user, "api", 7, State.SCHEDULED)
    assert run.run_at.isoformat() == "2125-12-31T23:00:00+00:00"


@pytest.mark.parametrize("body", [[None, None], "text", 7])
def test_a_body_that_is_no_object_is_refused_also_where_none_is_needed(operator: Caller, body: Any) -> None:
    run = saved_run(state=State.FAILED, job="add", owner=operator.user, finished_at=NOON)
    assert operator.post(f"runs/{run.pk}/retry", body).status_code == 400
    assert Run.objects.get(pk=run.pk).state == State.FAILED


def test_a_unique_key_is_refused_while_its_run_is_unfinished(operator: Caller) -> None:
    body = {"args": {"x": 1}, "unique_key": "once"}
    assert enqueue(operator, body).status_code == 202
    assert (enqueue(operator, body).status_code, Run.objects.count()) == (409, 1)


def test_a_user_runs_jobs_for_themselves_alone(owner: Caller) -> None:
    assert owner.user is not None
    assert owner.post("jobs/for_user/runs", {}).status_code == 202
    assert Run.objects.get().kwargs == {"user_id": owner.user.pk}
    assert owner.post("jobs/for_user/runs", {"args": {"user_id": owner.user.pk + 1}}).status_code == 403
    assert owner.post("jobs/for_user/runs", {"args": {"user_id": None}}).status_code == 403
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("jobs/nothing/runs", {}, 404, "nothing"),
        ("jobs/add/runs", {"args": {"x": "two"}}, 422, "x"),
        ("jobs/add/runs", {"args": {"x": 1}, "priority": 10}, 422, "priority"),
        ("jobs/add/runs", {"args": {"x": 1}, "eta": "9999-12-31T23:59:59-14:00"}, 422, "eta"),
        ("jobs/add/runs", {"args": {"x": "\0"}}, 400, "parse"),
        ("jobs/add/runs", {"args": {"x": "\ud800"}}, 400, "parse"),
        ("dead-letters/replay", {}, 422, "Name a fingerprint"),
    ],
)
def test_what_does_not_fit_is_told(path: str, body: Any, status: int, said: str, operator: Caller) -> None:
    response = operator.post(path, body)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert said in response.content.decode()
    assert Run.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "bad", "good"),
    [
        ("runs?limit={}", (0, 101), (1, 100)),
        ("failures?limit={}", (0, 51), (1, 50)),
        ("failures?hours={}", (0, 169), (1, 168)),
        ("stats?hours={}", (0, 169), (1, 168)),
    ],
)
def test_bounds_are_checked(path: str, bad: tuple[int, ...], good: tuple[int, ...], viewer: Caller) -> None:
    assert [viewer("GET", path.format(number)).status_code for number in bad] == [422, 422]
    assert [viewer("GET", path.format(number)).status_code for number in good] == [200, 200]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "nothing", 404), ("PUT", "runs", 405), ("GET", "runs?job=%00", 400), ("GET", "runs?cursor=x", 422)],
)
def test_what_is_not_there_is_a_problem_too(method: str, path: str, status: int, viewer: Caller) -> None:
    response = viewer(method, path)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


def test_pages_follow_each_other_without_loss(owner: Caller) -> None:
    runs = [saved_run(owner=owner.user, created_at=NOON + timedelta(seconds=n)) for n in range(7)]
    seen, cursor = [], ""
    for _ in range(3):
        page = owner.get(f"runs?limit=3&cursor={cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [str(run.pk) for run in reversed(runs)]
    assert cursor is None


def test_what_is_in_flight_is_told_in_pages_until_next_is_null(viewer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflight, "BATCH", 2)
    runs = [saved_run(job="gone", created_at=NOON + timedelta(seconds=n)) for n in range(3)]
    first = viewer.get("inflight")
    second = viewer.get(f"inflight?cursor={first['next']}")
    last = viewer.get(f"inflight?cursor={second['next']}")
    told = [item["what"] for page in (first, second, last) for item in page["items"]]
    assert told == [f"run {run.pk}" for run in reversed(runs)]
    assert last["next"] is None


def test_a_repeated_request_with_its_key_happens_once(operator: Caller) -> None:
    first, again = (enqueue(operator, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotent-Replay"]) == (202, 202, "true")
    assert first.json() == again.json()
    other = enqueue(operator, {"args": {"x": 9}}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, Run.objects.count()) == (422, 1)


def test_a_key_is_one_users_own_and_lasts_a_day(operator: Caller, caller: MakeCaller) -> None:
    enqueue(operator, **{"Idempotency-Key": "k1"})
    enqueue(caller("second", is_superuser=True), **{"Idempotency-Key": "k1"})
    KeptReply.objects.update(created_at=timezone.now() - KEPT - timedelta(seconds=1))
    enqueue(operator, **{"Idempotency-Key": "k1"})
    assert Run.objects.count() == 3
    prune(now=timezone.now())
    assert KeptReply.objects.count() == 1


def test_a_refused_request_does_not_spend_its_key(operator: Caller) -> None:
    assert enqueue(operator, {"args": {"x": "two"}}, **{"Idempotency-Key": "k1"}).status_code == 422
    assert enqueue(operator, **{"Idempotency-Key": "k1"}).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_the_same_time_happens_once(operator: Caller) -> None:
    answers = all_at_once([lambda: enqueue(operator, **{"Idempotency-Key": "k1"}).json()["id"]] * 3)
    assert len(set(answers)) == 1
    assert Run.objects.count() == 1


def test_a_run_is_retried_with_other_arguments(operator: Caller) -> None:
    run = saved_run(job="add", kwargs={"x": 1}, state=State.FAILED, finished_at=NOON)
    assert operator.post(f"runs/{run.pk}/retry", {"args": {"x": 5}}).json()["state"] == "QUEUED"
    run.refresh_from_db()
    assert run.kwargs == {"x": 5}


@pytest.mark.django_db(transaction=True)
def test_waiting_answers_when_the_run_has_ended(owner: Caller) -> None:
    run = saved_run(owner=owner.user, state=State.RUNNING)
    answers: list[Any] = []

    def ask() -> None:
        answers.append(owner.get(f"runs/{run.pk}?wait=30"))
        connections.close_all()

    asks = threading.Thread(target=ask)
    asks.start()
    Run.objects.filter(pk=run.pk).update(state=State.SUCCESS, finished_at=timezone.now())
    asks.join(20)
    assert answers[0]["state"] == "SUCCESS"


def test_who_finds_no_place_to_wait_is_answered_at_once(owner: Caller) -> None:
    run = saved_run(owner=owner.user, state=State.RUNNING)
    places = waiting.places()
    taken = 0
    while places.acquire(blocking=False):
        taken += 1
    try:
        assert owner.get(f"runs/{run.pk}?wait=30")["state"] == "RUNNING"
    finally:
        for _ in range(taken):
            places.release()


def test_a_session_needs_its_csrf_token_to_change_anything(operator: Caller) -> None:
    assert operator.user is not None
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator.user)
    assert client.get(f"{API}runs").status_code == 200
    body: dict[str, Any] = {"data": '{"args": {"x": 1}}', "content_type": "application/json"}
    assert client.post(f"{API}jobs/add/runs", **body).status_code == 403
    client.get("/admin/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    assert client.post(f"{API}jobs/add/runs", **body, headers=headers).status_code == 202


@pytest.mark.parametrize("way", ["expired", "revoked", "inactive", "unknown"])
def test_a_token_that_is_not_in_force_opens_nothing(way: str, owner: Caller) -> None:
    changes: dict[str, dict[str, Any]] = {"expired": {"expires_at": NOON}, "revoked": {"revoked_at": NOON}}
    ApiToken.objects.update(**changes.get(way, {"name": "kept"}))
    User.objects.update(is_active=way != "inactive")
    owner.secret += "x" if way == "unknown" else ""
    response = owner("GET", "runs")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="daybook"')


def test_a_token_notes_its_use_and_keeps_no_secret(owner: Caller) -> None:
    owner.get("runs")
    token = ApiToken.objects.get()
    assert token.last_used_at is not None
    assert owner.secret not in str(ApiToken.objects.values())
    assert tokens.recognise(owner.secret, now=timezone.now()) == token


def test_too_many_requests_are_refused_for_a_while(owner: Caller, settings: Any) -> None:
    cache.clear()
    settings.DAYBOOK = {**settings.DAYBOOK, "api_requests_per_minute": 2}
    statuses = [owner("GET", "jobs").status_code for _ in range(2)]
    refused = owner("GET", "jobs")
    assert ([*statuses, refused.status_code], int(refused["Retry-After"]) > 0) == ([200, 200, 429], True)


def test_the_description_is_openapi_31_and_the_docs_page_is_all_local(client: Client) -> None:
    assert client.get(f"{API}openapi.json").json()["openapi"].startswith("3.1")
    page = client.get(f"{API}docs").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "http" not in page.replace("https://127", "")
