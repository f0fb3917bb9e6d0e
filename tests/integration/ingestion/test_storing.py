"""Pages of mails as rows: together, and apart where the database refuses one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from ingestion.models import Account, Mail, MailCopy
from ingestion.providers.protocol import RawMail
from ingestion.storing import store, understand
from tests.mailboxes import message

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-11")]
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    return Account.objects.create(owner=User.objects.create_user("anna"), provider="imap", location="imap://x.org")


def raw(key: str, content: bytes) -> RawMail:
    return RawMail(key=key, content=content, size=len(content))


def test_a_mail_that_the_database_refuses_costs_only_its_own_columns(account: Account) -> None:
    arrivals = understand(account, [raw(name, message(name)) for name in "abc"], now=NOW)
    refused = replace(arrivals[1].parsed, html_present=cast("Any", None))
    arrivals[1] = replace(arrivals[1], parsed=refused)
    with transaction.atomic():
        counts = store(account, arrivals, run_id=None, now=NOW, copies=True)
    assert (counts.stored, counts.broken, counts.threads) == (3, 1, 3)
    assert list(Mail.objects.order_by("identity").values_list("identity", "parse_error", "subject")) == [
        ("<a@x.org>", "", "a"),
        ("<b@x.org>", "not storable: IntegrityError", ""),
        ("<c@x.org>", "", "c"),
    ]
    assert bytes(Mail.objects.get(identity="<b@x.org>").raw or b"") == message("b")


def test_what_a_page_holds_twice_is_stored_once_and_its_other_place_remembered(account: Account) -> None:
    page = [raw("1", message("a")), raw("2", message("b")), raw("3", message("a"))]
    for stored, duplicates in ((2, 1), (0, 3)):
        with transaction.atomic():
            counts = store(account, understand(account, page, now=NOW), run_id=None, now=NOW, copies=True)
        assert (counts.fetched, counts.stored, counts.duplicates) == (3, stored, duplicates)
    assert list(MailCopy.objects.values_list("provider_key", "mail__provider_key")) == [("3", "1")]
