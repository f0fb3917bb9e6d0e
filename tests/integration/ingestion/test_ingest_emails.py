"""ingest_emails on a real database: a run per account, each its owner's, and one failure touching only itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from ingestion.models import Account, Mail
from ingestion.operations import register_account
from ingestion.tasks import ingest_emails
from jobs import queries
from jobs.here import run_here
from jobs.models import Run
from jobs.states import State
from tests.mailboxes import message, write_mbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-11", "PW-1")]


@pytest.fixture
def accounts(tmp_path: Path) -> list[Account]:
    """Three users with a mailbox each; the second one's is gone."""
    made = []
    for number, name in enumerate(("anna", "ben", "cleo"), 1):
        box = write_mbox(tmp_path / name, *(message(f"{name}{n}") for n in range(number)))
        made.append(register_account(User.objects.create_user(name), mbox=box)[0])
    (tmp_path / "ben").unlink()
    return made


def test_every_account_is_a_run_of_its_own_and_a_failure_stays_with_it(accounts: list[Account]) -> None:
    parent = run_here(ingest_emails, {})
    children = list(Run.objects.filter(parent=parent).order_by("owner"))
    assert [child.state for child in children] == [State.SUCCESS, State.FAILED, State.SUCCESS]
    assert [child.owner for child in children] == [account.owner for account in accounts]
    assert {child.correlation_id for child in children} == {parent.correlation_id}
    result = queries.details(parent).result
    assert (parent.state, result["accounts"]) == (State.SUCCESS, 3)
    assert result["children"]["states"] == {"SUCCESS": 2, "FAILED": 1}
    assert (result["children"]["sums"]["fetched"], result["children"]["sums"]["stored"]) == (4, 4)
    assert [error["run"] for error in result["children"]["errors"]] == [str(children[1].pk)]
    assert [bool(account.last_error) for account in Account.objects.order_by("pk")] == [False, True, False]
    assert Mail.objects.count() == 4


@pytest.mark.parametrize(
    ("chosen", "stored"), [({"provider": "mbox"}, 4), ({"provider": "imap"}, 0), ({"user_id": "cleo"}, 3)]
)
def test_a_user_or_a_provider_may_be_chosen(accounts: list[Account], chosen: dict[str, str], stored: int) -> None:
    kwargs = {key: accounts[2].owner_id if key == "user_id" else value for key, value in chosen.items()}
    run_here(ingest_emails, kwargs)
    assert Mail.objects.count() == stored


def test_an_account_that_is_not_active_is_left_alone(accounts: list[Account]) -> None:
    Account.objects.filter(pk=accounts[0].pk).update(is_active=False)
    run_here(ingest_emails, {})
    assert not Mail.objects.filter(account=accounts[0]).exists()
    assert Mail.objects.filter(account=accounts[2]).count() == 3
