"""Reply chains on a real database: the same whatever order mails arrive in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ingestion import joining_threads
from ingestion.models import Account, Thread, ThreadReference
from ingestion.operations import register_account
from ingestion.tasks import sync_account
from tests.mailboxes import message, write_mbox

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-11")]
DAY = timedelta(days=1)

CHAIN = [
    message("a", subject="Plan"),
    message("b", subject="Re: Plan", sender="anna@x.org", to="bob@x.org", answers="a", at=DAY),
    message("c", subject="AW: Plan", answers="b", at=2 * DAY),
]


def conversations(tmp_path: Path, *messages: bytes, name: str = "box") -> list[list[str]]:
    """Store the messages in this order and return the Message-IDs of each thread."""
    owner, _ = User.objects.get_or_create(username="anna", email="anna@x.org")
    account, _ = register_account(owner, mbox=write_mbox(tmp_path / name, *messages))
    sync_account(account_id=account.pk)
    return grouped(account)


def grouped(account: Account) -> list[list[str]]:
    threads = Thread.objects.filter(account=account)
    return sorted(sorted(thread.mails.values_list("message_id", flat=True)) for thread in threads)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_a_chain_is_one_thread_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    assert len(conversations(tmp_path, *(CHAIN[n] for n in order))) == 1
    thread = Thread.objects.get()
    assert (thread.subject, thread.root_message_id, thread.mail_count) == ("Plan", "<a@x.org>", 3)
    assert thread.last_at - thread.first_at == 2 * DAY


def test_answers_to_a_mail_that_never_arrived_are_one_thread(tmp_path: Path) -> None:
    found = conversations(tmp_path, message("b", answers="lost"), message("c", answers="lost"), message("d"))
    assert found == [["<b@x.org>", "<c@x.org>"], ["<d@x.org>"]]


def test_a_late_mail_merges_the_threads_it_connects(tmp_path: Path) -> None:
    box = write_mbox(tmp_path / "box", message("a"), message("c", answers="b"))
    account, _ = register_account(User.objects.create_user("anna"), mbox=box)
    assert sync_account(account_id=account.pk)["threads"] == 2
    write_mbox(box, message("b", answers="a"))
    assert sync_account(account_id=account.pk)["threads"] == -1
    assert grouped(account) == [["<a@x.org>", "<b@x.org>", "<c@x.org>"]]
    assert Thread.objects.get().mail_count == 3


def test_an_answer_without_references_is_joined_by_subject_and_people(tmp_path: Path) -> None:
    found = conversations(
        tmp_path,
        message("a", subject="Kostenplan", sender="anna@x.org", to="bob@x.org"),
        message("b", subject="AW: Kostenplan", at=DAY),
        message("c", subject="Re: Kostenplan", sender="stranger@x.org", at=DAY),
        message("d", subject="Kostenplan", at=20 * DAY),
        message("e", subject="Re: Kostenplan", at=92 * DAY),
    )
    assert found == [["<a@x.org>", "<b@x.org>"], ["<c@x.org>"], ["<d@x.org>", "<e@x.org>"]]


def test_branches_of_a_conversation_whose_beginning_never_arrived_are_joined(tmp_path: Path) -> None:
    branches = (message(f"b{n}", subject="Re: Plan", answers=f"lost{n}", at=n * DAY) for n in range(3))
    assert len(conversations(tmp_path, *branches)) == 1


def test_threads_come_apart_when_a_mail_arrives_that_says_what_it_answers(tmp_path: Path) -> None:
    chain = b"References: <lost@x.org> <m@x.org>\nFrom:"
    claiming = message("c", subject="Talk", at=5 * DAY).replace(b"From:", chain)
    box = write_mbox(tmp_path / "box", message("o", subject="Other", answers="lost"), claiming)
    account, _ = register_account(User.objects.create_user("anna"), mbox=box)
    assert sync_account(account_id=account.pk)["threads"] == 1
    write_mbox(box, message("m", subject="Else", at=3 * DAY))
    assert sync_account(account_id=account.pk)["threads"] == 1
    assert grouped(account) == [["<c@x.org>", "<m@x.org>"], ["<o@x.org>"]]
    write_mbox(box, message("p", subject="More", answers="c", at=30 * DAY))
    sync_account(account_id=account.pk)
    assert grouped(account) == [["<c@x.org>", "<m@x.org>", "<p@x.org>"], ["<o@x.org>"]]
    assert sorted(Thread.objects.values_list("subject", "mail_count")) == [("Else", 3), ("Other", 1)]


def test_a_monthly_invoice_stays_apart_from_the_last(tmp_path: Path) -> None:
    monthly = (message(f"i{n}", subject="Your invoice", at=30 * n * DAY) for n in range(3))
    assert len(conversations(tmp_path, *monthly)) == 3


def test_threads_of_two_accounts_never_mix(tmp_path: Path) -> None:
    conversations(tmp_path, *CHAIN)
    conversations(tmp_path, *CHAIN, name="other")
    assert Thread.objects.count() == 2
    assert ThreadReference.objects.count() == 6


def test_of_very_many_mails_with_one_subject_the_latest_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining_threads, "MOST_MAILS", 5)
    box = write_mbox(tmp_path / "box", *(message(f"a{n}", subject="Alarm", at=n * DAY) for n in range(12)))
    account, _ = register_account(User.objects.create_user("anna"), mbox=box)
    sync_account(account_id=account.pk)
    for n in range(12, 15):
        write_mbox(box, message(f"a{n}", subject="Alarm", at=n * DAY))
        sync_account(account_id=account.pk)
    assert Thread.objects.get().mail_count == 15


EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=7, unique_by=lambda edge: edge[0])
DAYS = st.lists(st.sampled_from([0, 3, 20, 40, 60, 130]), min_size=8, max_size=8)
SUBJECTS = st.lists(st.sampled_from(["Plan", "Re: Plan", "Fwd: Note", "Note"]), min_size=8, max_size=8)


class AnyOrder(TestCase):
    """The property behind the tables."""

    @settings(max_examples=15)
    @given(edges=EDGES, subjects=SUBJECTS, days=DAYS, order=st.permutations(range(8)), page=st.integers(1, 8))
    def test_any_order_of_arrival_makes_the_same_threads(
        self, edges: list[tuple[int, int]], subjects: list[str], days: list[int], order: list[int], page: int
    ) -> None:
        parents = dict(edges)
        messages = [
            message(
                f"m{n}",
                subject=subjects[n],
                answers=f"m{parents[n]}" if parents.get(n, n) != n else "",
                at=days[n] * DAY,
            )
            for n in range(8)
        ]
        with TemporaryDirectory() as folder:
            Account.objects.all().delete()
            in_pages = {**django_settings.DAYBOOK_INGESTION, "page_mails": page}
            with override_settings(DAYBOOK_INGESTION=in_pages):
                shuffled = conversations(Path(folder), *(messages[n] for n in order), name="shuffled")
            assert conversations(Path(folder), *messages) == shuffled
