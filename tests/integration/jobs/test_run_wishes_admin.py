"""In the admin a run is cancelled, retried, started and discarded, by POST and by those who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from jobs import wire
from jobs.encryption import decrypt
from jobs.models import Run
from jobs.states import State
from notifications.models import RunWish
from tests import tasks_for_tests
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-22", "SK-12")]
assert tasks_for_tests


def _dead(**columns: Any) -> Run:
    given = {"job": "add", "kwargs": {"x": 1}, "state": State.FAILED, "finished_at": NOON, "error_kind": "OSError"}
    return saved_run(**{**given, **columns})


def _row(run: Run) -> dict[str, Any]:
    return dict(Run.objects.values().get(pk=run.pk))


def _page(run: Run, part: str) -> str:
    return f"/admin/jobs/run/{run.pk}/{part}/"


def _said(client: Client, run: Run, wish: str) -> str:
    response = client.post(_page(run, "wish"), {"wish": wish}, follow=True)
    return str(next(iter(response.context["messages"])))


@pytest.mark.parametrize(
    ("columns", "wishes"),
    [
        ({"state": State.QUEUED}, ["cancel"]),
        ({"state": State.SCHEDULED, "run_at": NOON.replace(year=2126)}, ["run-now", "cancel"]),
        ({"state": State.RUNNING}, ["cancel"]),
        ({"state": State.RUNNING, "cancel_requested_at": NOON}, []),
        ({"state": State.FAILED}, ["retry", "discard"]),
        ({"state": State.FAILED, "resolved_at": NOON}, ["retry"]),
        ({"state": State.CANCELLED}, ["retry"]),
        ({"state": State.SUCCESS}, []),
    ],
)
def test_the_page_offers_what_the_state_allows(
    columns: dict[str, Any], wishes: list[str], admin_client: Client
) -> None:
    run = saved_run(job="add", kwargs={"x": 1}, **columns)
    page = admin_client.get(_page(run, "change"))
    assert page.context["wishes"] == wishes
    assert [
        wish for wish in ("run-now", "retry", "discard", "cancel") if f'value="{wish}"' in page.content.decode()
    ] == [wish for wish in ("run-now", "retry", "discard", "cancel") if wish in wishes]


def test_each_wish_is_fulfilled_and_said(admin_client: Client, admin_user: User) -> None:
    later = timezone.now() + timedelta(hours=1)
    waiting, running, dead = saved_run(), saved_run(state=State.RUNNING), _dead()
    scheduled = saved_run(state=State.SCHEDULED, run_at=later)
    assert _said(admin_client, waiting, "cancel") == "Cancelled."
    assert Run.objects.get(pk=waiting.pk).reason == f"cancelled by {admin_user}"
    assert _said(admin_client, running, "cancel") == "Asked to stop."
    assert Run.objects.get(pk=running.pk).cancel_requested_at is not None
    assert _said(admin_client, scheduled, "run-now") == "Starts now."
    assert Run.objects.get(pk=scheduled.pk).run_at < later
    assert _said(admin_client, dead, "discard") == "Discarded."
    assert Run.objects.get(pk=dead.pk).resolved_at is not None
    assert _said(admin_client, dead, "retry") == "Enqueued again."
    assert Run.objects.get(pk=dead.pk).state == State.QUEUED


@pytest.mark.parametrize("wish", ["cancel", "run-now", "retry", "discard", "eat"])
def test_what_can_not_be_done_is_said_and_nothing_changes(wish: str, admin_client: Client) -> None:
    run = saved_run(state=State.SUCCESS, job="add", kwargs={"x": 1})
    before = _row(run)
    assert _said(admin_client, run, wish) != ""
    assert _row(run) == before


def test_a_run_that_is_not_there_is_said(admin_client: Client) -> None:
    response = admin_client.post(f"/admin/jobs/run/{uuid4()}/wish/", {"wish": "cancel"}, follow=True)
    assert "no run has the id" in str(next(iter(response.context["messages"])))


def test_looking_never_changes_anything(admin_client: Client) -> None:
    run = _dead()
    before = _row(run)
    assert admin_client.get(_page(run, "wish")).status_code == 405
    assert admin_client.get(_page(run, "retry")).status_code == 200
    assert _row(run) == before


def test_who_may_only_look_can_ask_for_nothing(client: Client) -> None:
    run = _dead()
    before = _row(run)
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_run"))
    client.force_login(viewer)
    assert client.get(_page(run, "change")).context["wishes"] == []
    assert client.post(_page(run, "wish"), {"wish": "retry"}).status_code == 403
    assert client.post(_page(run, "retry"), {"arguments": '{"x": 2}'}).status_code == 403
    assert client.get("/admin/jobs/run/dead-letters/").status_code == 200
    posted = client.post("/admin/jobs/run/dead-letters/", {"job": "add", "fingerprint": "", "wish": "all"})
    assert posted.status_code == 403
    assert _row(run) == before


def test_a_run_is_retried_with_other_arguments(admin_client: Client) -> None:
    run = _dead(kwargs={"x": 1, "y": 5})
    assert admin_client.get(_page(run, "retry")).context["form"]["arguments"].value() == '{\n  "x": 1,\n  "y": 5\n}'
    admin_client.post(_page(run, "retry"), {"arguments": '{"x": 2}'})
    row = _row(run)
    assert (row["state"], row["kwargs"]) == (State.QUEUED, {"x": 2})


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('{"x": "one"}', "x: input should be a valid number"),
        ('{"x": 1, "z": 2}', "unexpected keyword argument"),
        ("{}", "missing"),
        ("{", "This is not JSON"),
        ("[1]", "This must be a JSON object"),
    ],
)
def test_arguments_that_do_not_fit_come_back_with_what_was_typed(typed: str, words: str, admin_client: Client) -> None:
    run = _dead()
    before = _row(run)
    page = admin_client.post(_page(run, "retry"), {"arguments": typed})
    form = page.context["form"]
    assert (page.status_code, form["arguments"].value()) == (200, typed)
    assert words in str(form.errors["arguments"])
    assert _row(run) == before


@pytest.mark.req("AQ-2")
def test_a_secret_stays_masked_and_keeps_its_value_when_left_alone(admin_client: Client) -> None:
    function = tasks_for_tests.sends_code.run
    args, kwargs = wire.seal([], {"address": "a@example.org", "code": "111"}, names=("code",), function=function)
    run = _dead(job="sends_code", args=args, kwargs=kwargs)
    shown = admin_client.get(_page(run, "retry")).context["form"]["arguments"].value()
    assert '"code": "***"' in shown
    admin_client.post(_page(run, "retry"), {"arguments": shown.replace("a@", "b@")})
    row = _row(run)
    assert (row["state"], row["kwargs"]["address"]) == (State.QUEUED, "b@example.org")
    assert decrypt(row["kwargs"]["code"]["__sealed__"]) == '"111"'


def test_a_mask_is_never_taken_for_a_value(admin_client: Client) -> None:
    run = _dead(job="plain", kwargs={"value": {"password": "hunter2", "port": 25}})
    before = _row(run)
    page = admin_client.post(_page(run, "retry"), {"arguments": '{"value": {"password": "***", "port": 587}}'})
    assert "stands for a secret" in str(page.context["form"].errors["arguments"])
    assert _row(run) == before


@pytest.mark.req("AA-7")
@pytest.mark.parametrize(("state", "offered"), [("QUEUED", True), ("RUNNING", True), ("SUCCESS", False)])
def test_whoever_may_look_can_ask_to_be_told_of_the_end(client: Client, state: str, offered: bool) -> None:
    run = saved_run(state=state)
    pat = User.objects.create_user("pat", is_staff=True)
    pat.user_permissions.add(Permission.objects.get(codename="view_run"))
    client.force_login(pat)
    assert ("Tell me when it ends" in client.get(_page(run, "change")).content.decode()) is offered
    assert _said(client, run, "tell-me") == "You will be told when it ends."
    assert _said(client, run, "tell-me") == "You will be told when it ends."
    assert [(wish.user, wish.run_id) for wish in RunWish.objects.all()] == [(pat, run.pk)]
    assert client.post(_page(run, "wish"), {"wish": "cancel"}).status_code == 403


@pytest.mark.req("AA-7")
def test_who_may_not_look_can_not_ask(client: Client) -> None:
    client.force_login(User.objects.create_user("pat", is_staff=True))
    assert client.post(_page(saved_run(), "wish"), {"wish": "tell-me"}).status_code == 403
    assert RunWish.objects.count() == 0


def test_where_nothing_tells_nothing_is_offered(admin_client: Client, settings: Any) -> None:
    settings.DAYBOOK = {**settings.DAYBOOK, "tell_when_ended": ""}
    run = saved_run()
    assert "Tell me" not in admin_client.get(_page(run, "change")).content.decode()
    assert _said(admin_client, run, "tell-me") == "nothing here tells when runs end"
