"""Notices of Gmail and Microsoft Graph over real HTTP: only theirs count, and many become one sync."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from ingestion.models import Account, Mail, Subscription
from ingestion.push.notices import state_digest
from ingestion.tasks import renew_subscriptions, sync_account
from jobs import operations, queries
from jobs.here import run_here
from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import State
from tests.consents import account_at, configure, fetch_tokens_from
from tests.doubles.gmail import GmailServer
from tests.doubles.graph import GraphServer
from tests.doubles.pubsub import ACCOUNT, PubSub
from tests.doubles.server import Reply
from tests.doubles.tokens import ADDRESS
from tests.mailboxes import message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PW-8")]
NOTICE = {"emailAddress": ADDRESS, "historyId": "1001"}


@pytest.fixture
def pubsub(settings: Any, live_server: LiveServer) -> Iterator[PubSub]:
    hook = f"{live_server.url}/api/v1/hooks/gmail"
    with PubSub(audience=hook) as running:
        configure(settings, google_keys_url=f"{running.url}/certs", google_push_account=ACCOUNT)
        configure(settings, push_url=f"{live_server.url}/", google_push_topic="projects/p/topics/t")
        yield running


@pytest.fixture
def gmail(settings: Any) -> Iterator[GmailServer]:
    with GmailServer() as running:
        fetch_tokens_from(running, settings)
        yield running


@pytest.fixture
def graph(settings: Any, live_server: LiveServer) -> Iterator[GraphServer]:
    with GraphServer() as running:
        fetch_tokens_from(running, settings)
        configure(settings, push_url=live_server.url)
        yield running


def asked_for() -> list[tuple[str, str, dict[str, Any]]]:
    """Return the syncs that notices asked for."""
    runs = Run.objects.filter(job="sync_account", unique_key__startswith="push:").order_by("pk")
    return [(run.state, str(run.cause), run.kwargs) for run in runs]


def whose(account: Account) -> dict[str, Any]:
    return {"account_id": account.pk, "user_id": account.owner_id, "provider": account.provider}


def subscribe() -> dict[str, Any]:
    parent = run_here(renew_subscriptions, {})
    result: dict[str, Any] = queries.details(parent).result
    return result


def test_many_pushes_of_gmail_become_one_sync_which_brings_the_mail(
    pubsub: PubSub, gmail: GmailServer, settings: Any
) -> None:
    configure(settings, push_debounce_seconds=3600)
    account = account_at(gmail)
    gmail.deliver(message("m1"))
    assert {pubsub.push(pubsub.audience, data=NOTICE) for _ in range(10)} == {204}
    assert asked_for() == [("SCHEDULED", "api", whose(account))]
    run = Run.objects.get(job="sync_account")
    assert (run.owner, run.run_at > timezone.now()) == (account.owner, True)
    assert len(pubsub.requests) == 1
    assert sync_account(**run.kwargs)["stored"] == 1


def test_a_push_is_believed_only_when_google_signed_it_for_us_by_our_account_in_time(
    pubsub: PubSub, gmail: GmailServer, settings: Any
) -> None:
    account_at(gmail)
    past = int(datetime.now(UTC).timestamp()) - 600
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tokens = [
        "x",
        "no.token.atall",
        pubsub.token(key=stranger),
        pubsub.token(aud="https://elsewhere.org"),
        pubsub.token(iss="https://evil.org"),
        pubsub.token(exp=past),
        pubsub.token(exp=None),
        pubsub.token(email="other@project.iam.gserviceaccount.com"),
        pubsub.token(email_verified=False),
        pubsub.token(email_verified=None),
    ]
    assert [pubsub.push(pubsub.audience, token=token, data=NOTICE) for token in tokens] == [401] * len(tokens)
    good = pubsub.token()
    configure(settings, google_push_account="")
    assert pubsub.push(pubsub.audience, token=good, data=NOTICE) == 401
    assert asked_for() == []


def test_new_keys_are_fetched_when_google_changes_them(pubsub: PubSub, gmail: GmailServer, monkeypatch: Any) -> None:
    account_at(gmail)
    monkeypatch.setattr("ingestion.push.google_tokens.PAUSE_SECONDS", 0.0)
    assert pubsub.push(pubsub.audience, data=NOTICE) == 204
    pubsub.rotate()
    assert pubsub.push(pubsub.audience, data=NOTICE) == 204
    monkeypatch.setattr("ingestion.push.google_tokens.PAUSE_SECONDS", 3600.0)
    pubsub.rotate()
    asked = len(pubsub.requests)
    assert [pubsub.push(pubsub.audience, data=NOTICE) for _ in range(5)] == [401] * 5
    assert len(pubsub.requests) == asked


def test_a_push_that_says_nothing_useful_is_acknowledged_and_costs_nothing(pubsub: PubSub, gmail: GmailServer) -> None:
    account = account_at(gmail)
    bodies: list[Any] = [[], {}, {"message": None}, {"message": {"data": "%%"}}, {"message": {"data": "MQ=="}}]
    assert {pubsub.push(pubsub.audience, body=body) for body in bodies} == {204}
    assert pubsub.push(pubsub.audience, data={"emailAddress": "nobody@x.org", "historyId": "1"}) == 204
    Account.objects.filter(pk=account.pk).update(is_active=False)
    assert pubsub.push(pubsub.audience, data=NOTICE) == 204
    assert asked_for() == []
    assert httpx2.post(pubsub.audience, json={}).status_code == 401
    assert httpx2.get(pubsub.audience).status_code == 405


def test_gmail_is_asked_for_notices_and_asked_again_before_it_stops(pubsub: PubSub, gmail: GmailServer) -> None:
    account = account_at(gmail)
    result = subscribe()
    assert (result["new"], result["children"]["states"]) == (1, {"SUCCESS": 1})
    subscription = Subscription.objects.get()
    assert subscription.place == account
    assert subscription.expires_at and subscription.expires_at > timezone.now() + timedelta(days=6)
    assert len(asked_for()) == 1
    assert subscribe()["subscriptions"] == 0
    Subscription.objects.update(expires_at=timezone.now() + timedelta(hours=20))
    assert subscribe()["subscriptions"] == 1
    assert len(gmail.asked("/watch")) == 2
    assert Subscription.objects.filter(expires_at__gt=timezone.now() + timedelta(days=6)).count() == 1


def test_graph_is_subscribed_to_with_a_secret_and_its_notices_become_one_sync(
    graph: GraphServer, settings: Any
) -> None:
    configure(settings, push_debounce_seconds=3600)
    account = account_at(graph)
    graph.subscriptions.notices_while_made = 3
    assert subscribe()["children"]["states"] == {"SUCCESS": 1}
    (key,) = graph.subscriptions.made
    made, subscription = graph.subscriptions.made[key], Subscription.objects.get()
    assert made.resource == f"users/{ADDRESS}/mailFolders('inbox')/messages"
    assert (subscription.provider_key, subscription.state_digest) == (key, state_digest(made.secret))
    assert len(made.secret) >= 32
    graph.deliver(message("m1"), message("m2"))
    assert graph.subscriptions.notify(key, times=20) == 202
    assert asked_for() == [("SCHEDULED", "api", whose(account))]
    assert sync_account(account_id=account.pk)["stored"] == 2


def test_notices_without_the_secret_are_passed_over(graph: GraphServer) -> None:
    account_at(graph)
    subscribe()
    Run.objects.filter(job="sync_account").delete()
    (key,) = graph.subscriptions.made
    hook = graph.subscriptions.made[key].hook
    assert graph.subscriptions.notify(key, secret="guess") == 202
    strange: list[Any] = [{}, {"value": None}, {"value": [{}] * 1001}, [], 1]
    assert [httpx2.post(hook, json=body).status_code for body in strange] == [400] * len(strange)
    assert httpx2.post(hook, content=b"[" * 100_000).status_code == 400
    assert (
        httpx2.post(hook, content=b'{"value": [null, {"clientState": ["x"]}, {"clientState": "\\ud800"}]}').status_code
        == 202
    )
    assert httpx2.post(hook, params={"validationToken": "x" * 3000}).status_code == 400
    assert asked_for() == []


def test_what_graph_ends_or_has_ended_is_renewed(graph: GraphServer) -> None:
    account_at(graph)
    subscribe()
    (first,) = graph.subscriptions.made
    before = graph.subscriptions.made[first].ends = datetime.now(UTC) + timedelta(hours=2)
    assert graph.subscriptions.notify(first, event="reauthorizationRequired") == 202
    assert _run_renewal().state == State.SUCCESS
    assert graph.subscriptions.made[first].ends > before + timedelta(days=2)
    assert graph.subscriptions.notify(first, event="subscriptionRemoved") == 202
    assert _run_renewal().state == State.SUCCESS
    (_, second) = graph.subscriptions.made
    assert Subscription.objects.get().provider_key == second
    del graph.subscriptions.made[second]
    Subscription.objects.update(expires_at=timezone.now())
    assert subscribe()["children"]["states"] == {"SUCCESS": 1}
    assert Subscription.objects.get().provider_key == list(graph.subscriptions.made)[-1]
    Subscription.objects.update(expires_at=timezone.now())
    Account.objects.update(is_active=False)
    assert subscribe()["subscriptions"] == 0


def _run_renewal() -> Run:
    waiting = Run.objects.unfinished().get(job="renew_subscription")
    kwargs = dict(waiting.kwargs)
    operations.cancel([waiting], by="test")
    return operations.run_here("renew_subscription", kwargs, cause=Cause.CLI)


def test_a_hook_that_does_not_answer_leaves_the_reason_and_the_syncs_on_schedule(
    graph: GraphServer, settings: Any, free_port: Any
) -> None:
    configure(settings, push_url=f"http://127.0.0.1:{free_port()}")
    account = account_at(graph)
    graph.refusals.append(("/subscriptions", Reply(400, {"error": {"code": "ValidationError"}})))
    parent = run_here(renew_subscriptions, {})
    assert queries.details(parent).result["children"]["states"] == {"FAILED": 1}
    subscription = Subscription.objects.get()
    assert (subscription.expires_at, subscription.last_error) == (
        None,
        "RejectedError: POST /v1.0/subscriptions: HTTP 400",
    )
    account.refresh_from_db()
    assert account.is_active


def test_a_notice_that_comes_while_a_sync_is_under_way_makes_it_look_again(graph: GraphServer) -> None:
    account = account_at(graph)
    graph.deliver(message("m1"))
    reply = graph._reply

    def late(request: Any) -> Any:
        answer = reply(request)
        if "sentitems" in request.path and Account.objects.filter(notified_at=None).exists():
            # The inbox has been read by now.
            graph.deliver(message("m2"))
            Account.objects.update(notified_at=timezone.now())
        connection.close()
        return answer

    graph._answer = late
    assert sync_account(account_id=account.pk)["stored"] == 2
    assert Mail.objects.count() == 2
