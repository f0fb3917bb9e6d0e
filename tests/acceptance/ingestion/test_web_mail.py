"""Gmail and Microsoft 365 over real HTTP: exact rows whatever ends, is refused or withdrawn on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import connection

from ingestion.models import Account, Consent, Mail, Notice
from ingestion.oauth import ConsentAuthorization
from ingestion.operations import sync_user
from ingestion.providers.errors import ConsentRevokedError, MailboxUnavailableError
from ingestion.storing import Counts
from ingestion.tasks import sync_account
from jobs.errors import Snooze
from jobs.states import State
from tests.consents import account_at, configure, fetch_tokens_from
from tests.doubles.gmail import GmailServer
from tests.doubles.graph import GraphServer
from tests.doubles.server import Reply
from tests.doubles.tokens import REFRESH
from tests.mailboxes import message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-11")]
MANY = 70
Server = GmailServer | GraphServer


@pytest.fixture
def gmail(settings: Any) -> Iterator[GmailServer]:
    with GmailServer() as running:
        fetch_tokens_from(running, settings)
        configure(settings, page_mails=10)
        yield running


@pytest.fixture
def graph(settings: Any) -> Iterator[GraphServer]:
    with GraphServer() as running:
        fetch_tokens_from(running, settings)
        configure(settings, page_mails=10)
        yield running


@pytest.fixture(params=["gmail", "graph"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


def recent(first: int, count: int) -> list[bytes]:
    today = format_datetime(datetime.now(UTC)).encode()
    made = (message(f"m{n}", subject=f"Subject {n}") for n in range(first, first + count))
    return [one.replace(b"Date: Fri, 01 May 2026 08:00:00 +0000", b"Date: " + today) for one in made]


def counts(**given: int) -> dict[str, int]:
    return {**Counts().as_dict(), **given}


def new(count: int) -> dict[str, int]:
    return counts(fetched=count, stored=count, threads=count)


def stored() -> list[str]:
    return sorted(Mail.objects.values_list("message_id", flat=True))


def marks() -> list[tuple[bool, bool]]:
    """Return (seen, flagged) of all mails, by Message-ID."""
    return list(Mail.objects.order_by("message_id").values_list("seen", "flagged"))


def gone() -> list[str]:
    return sorted(Mail.objects.exclude(gone_at=None).values_list("message_id", flat=True))


def test_everything_then_only_what_is_new_then_everything_again(server: Server) -> None:
    account = account_at(server)
    server.deliver(*recent(0, MANY))
    assert sync_account(account_id=account.pk) == new(MANY)
    before = len(server.requests)
    assert sync_account(account_id=account.pk) == counts()
    assert len(server.requests) - before <= 2
    server.deliver(*recent(MANY, 45))
    assert sync_account(account_id=account.pk) == new(45)
    assert sync_account(account_id=account.pk, full=True) == counts()
    assert stored() == sorted(f"<m{n}@x.org>" for n in range(MANY + 45))
    account.refresh_from_db()
    assert (account.last_error, account.last_synced_at is not None) == ("", True)


def test_a_sync_that_goes_on_amid_a_listing_ends_with_what_came_meanwhile(server: Server) -> None:
    account = account_at(server)
    server.deliver(*recent(0, MANY))
    # Graph's third page, or a mail of Gmail's second.
    server.break_at(3 if isinstance(server, GraphServer) else 35, part="/messages/")
    with pytest.raises(MailboxUnavailableError):
        sync_account(account_id=account.pk)
    assert 0 < Mail.objects.count() < MANY
    server.deliver(*recent(MANY, 1))
    sync_account(account_id=account.pk)
    assert Mail.objects.count() == MANY + 1
    asked = len(server.requests)
    assert sync_account(account_id=account.pk) == counts()
    assert len(server.requests) - asked <= 2


def test_a_position_the_server_has_forgotten_means_everything_and_no_doubles(server: Server) -> None:
    account = account_at(server)
    server.deliver(*recent(0, 30))
    sync_account(account_id=account.pk)
    server.deliver(*recent(30, 5))
    server.forget_history() if isinstance(server, GmailServer) else server.forget_deltas()
    assert sync_account(account_id=account.pk) == new(5)
    assert Mail.objects.count() == 35


def test_sent_mail_goes_out_and_drafts_and_junk_stay_away(gmail: GmailServer, graph: GraphServer) -> None:
    for server, sent in ((gmail, {"label": "SENT"}), (graph, {"folder": "sentitems"})):
        server.deliver(*recent(0, 1))
        server.deliver(*recent(1, 1), **sent)
    gmail.deliver(*recent(2, 1), label="DRAFT")
    gmail.deliver(*recent(3, 1), label="SPAM")
    for server in (gmail, graph):
        account = account_at(server)
        assert sync_account(account_id=account.pk)["stored"] == 2
        directions = Mail.objects.filter(account=account).values_list("message_id", "direction")
        assert dict(directions) == {"<m0@x.org>": "in", "<m1@x.org>": "out"}


def test_what_is_deleted_between_listing_and_reading_is_no_error(graph: GraphServer) -> None:
    account = account_at(graph)
    keys = graph.deliver(*recent(0, 3))
    sync_account(account_id=account.pk)
    (late,) = graph.deliver(*recent(3, 1))
    graph.delete(late)
    graph.delete(keys[0])
    assert sync_account(account_id=account.pk) == counts(gone=1)
    assert Mail.objects.count() == 3


def test_what_owners_do_with_their_mail_at_gmail_comes_here(gmail: GmailServer) -> None:
    account = account_at(gmail)
    keys = gmail.deliver(*recent(0, 5))
    gmail.relabel(keys[0], remove="UNREAD")
    assert sync_account(account_id=account.pk) == new(5)
    assert marks() == [(True, False), *[(False, False)] * 4]
    for n in range(30):
        gmail.relabel(keys[1], **({"add": "IMPORTANT"} if n % 2 else {"remove": "IMPORTANT"}))
    gmail.relabel(keys[1], remove="UNREAD")
    gmail.relabel(keys[2], add="STARRED")
    gmail.relabel(keys[3], add="TRASH")
    gmail.delete(keys[4])
    assert sync_account(account_id=account.pk) == counts(changed=2, gone=2)
    assert marks()[1:3] == [(True, False), (False, True)]
    assert gone() == ["<m3@x.org>", "<m4@x.org>"]
    gmail.relabel(keys[3], remove="TRASH")
    assert sync_account(account_id=account.pk) == counts(fetched=1, duplicates=1)
    assert (gone(), Mail.objects.count()) == (["<m4@x.org>"], 5)
    gmail.relabel(keys[0], add="TRASH")
    for n in range(30):
        gmail.relabel(keys[1], **({"remove": "IMPORTANT"} if n % 2 else {"add": "IMPORTANT"}))
    gmail.relabel(keys[0], remove="TRASH")
    assert sync_account(account_id=account.pk) == counts()


def test_what_owners_do_with_their_mail_at_microsoft_comes_here(graph: GraphServer) -> None:
    account = account_at(graph)
    keys = graph.deliver(*recent(0, 4))
    graph.mark(keys[0], isRead=True)
    assert sync_account(account_id=account.pk) == new(4)
    graph.mark(keys[0], isRead=False)
    graph.mark(keys[1], isRead=True, flag={"flagStatus": "flagged"})
    graph.mark(keys[2], flag={"flagStatus": "complete"})
    graph.delete(keys[3])
    assert sync_account(account_id=account.pk) == counts(changed=2, gone=1)
    assert marks() == [(False, False), (True, True), (False, False), (False, False)]
    assert gone() == ["<m3@x.org>"]
    # Moved away and back it has another id.
    graph.deliver(*recent(3, 1))
    assert sync_account(account_id=account.pk) == counts(fetched=1, duplicates=1)
    assert gone() == []


def test_a_token_that_ended_is_renewed_once_and_another_is_fetched_in_time(server: Server) -> None:
    account = account_at(server)
    server.deliver(*recent(0, 3))
    sync_account(account_id=account.pk)
    assert server.tokens.given == 1
    server.tokens.end()
    server.deliver(*recent(3, 1))
    assert sync_account(account_id=account.pk) == new(1)
    assert server.tokens.given == 2
    Consent.objects.update(expires_at=datetime.now(UTC) + timedelta(seconds=60))
    sync_account(account_id=account.pk)
    assert server.tokens.given == 3
    assert REFRESH not in str(list(Consent.objects.extra(select={"raw": "tokens"}).values("raw")))


def test_two_workers_never_fetch_a_token_at_once(gmail: GmailServer) -> None:
    consent_id = account_at(gmail).consent_id
    assert consent_id is not None
    headers: list[str] = []

    def ask() -> None:
        try:
            headers.append(ConsentAuthorization(consent_id).header(renewed=False))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (headers, gmail.tokens.given) == (["Bearer access-1"] * 4, 1)


def test_a_withdrawn_consent_disables_its_accounts_and_is_told_once(server: Server) -> None:
    account = account_at(server)
    server.tokens.is_withdrawn = True
    (synced,) = sync_user(account.owner)
    assert (synced.run.state, synced.run.attempt, synced.run.error_kind) == (State.FAILED, 1, "ConsentRevokedError")
    account.refresh_from_db()
    assert (account.is_active, account.disabled_reason) == (False, "the consent was withdrawn")
    consent = Consent.objects.get()
    assert (consent.tokens, consent.revoked_at is not None, consent.refreshing_until) == (None, True, None)
    notice = Notice.objects.get()
    assert (notice.owner, notice.kind, notice.account) == (account.owner, "consent_revoked", account)
    assert sync_user(account.owner) == []
    with pytest.raises(ConsentRevokedError):
        sync_account(account_id=account.pk)
    assert Notice.objects.count() == 1
    server.tokens.is_withdrawn = False
    server.deliver(*recent(0, 1))
    account_at(server)
    assert sync_account(account_id=account.pk) == new(1)


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(gmail: GmailServer) -> None:
    account = account_at(gmail)
    gmail.deliver(*recent(0, 30))
    limit = {"error": {"code": 403, "errors": [{"reason": "userRateLimitExceeded"}]}}
    gmail.refusals = [("/messages/", Reply(403, limit))]
    with pytest.raises(MailboxUnavailableError):
        sync_account(account_id=account.pk)
    gmail.refusals = [("/messages/", Reply(429, {}, {"Retry-After": "120"}))]
    with pytest.raises(MailboxUnavailableError) as failure:
        sync_account(account_id=account.pk)
    assert failure.value.retry_after == 120.0
    before = len(gmail.requests)
    with pytest.raises(Snooze):
        sync_account(account_id=account.pk)
    account.refresh_from_db()
    assert (len(gmail.requests), account.is_active) == (before, True)
    Account.objects.update(retry_at=None)
    sync_account(account_id=account.pk)
    assert Mail.objects.count() == 30


def test_what_came_in_a_batch_is_kept_when_the_rest_was_refused(graph: GraphServer) -> None:
    account = account_at(graph)
    keys = graph.deliver(*recent(0, 12))
    graph.busy = set(keys[3:5])
    with pytest.raises(MailboxUnavailableError) as failure:
        sync_account(account_id=account.pk)
    assert failure.value.retry_after == 7.0
    assert Mail.objects.count() == 10
    Account.objects.update(retry_at=None)
    assert sync_account(account_id=account.pk) == new(2)
    assert sync_account(account_id=account.pk) == counts()


def test_a_link_to_another_server_is_not_followed(graph: GraphServer) -> None:
    account = account_at(graph)
    elsewhere = {"value": [], "@odata.nextLink": "http://127.0.0.1:1/v1.0/steal"}
    graph.refusals = [("/messages/delta", Reply(200, elsewhere))]
    with pytest.raises(Exception, match="another server"):
        sync_account(account_id=account.pk)
