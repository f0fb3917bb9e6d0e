"""classify_emails on a real database: every mail once, in batches, resumable, each call recorded for its user."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import structlog
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from ingestion.classifying import classify, deadline_at
from ingestion.llm import selection
from ingestion.llm.errors import NonsenseError, UnknownModelError
from ingestion.llm.facts import MailFacts
from ingestion.llm.protocol import Answer
from ingestion.llm.rules.model import RulesModel
from ingestion.llm.usage import Usage
from ingestion.llm.verdict import Verdict
from ingestion.models import Account, Attachment, Classification, LLMCall, Mail
from ingestion.tasks import classify_emails
from jobs.here import run_here
from jobs.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-13")]
SENT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
MailMaker = Callable[..., Mail]


class Moody(RulesModel):
    """A model of this test's: answers like the rules, but fails on mails whose subject says so, and counts."""

    name = "moody-7"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bound: list[dict[str, object]] = []

    def classify(self, mail: MailFacts) -> Answer[Verdict]:
        """Answer, fail or talk nonsense as the subject says."""
        self.asked.append(mail.subject)
        self.bound.append(structlog.contextvars.get_contextvars())
        if mail.subject == "fail":
            raise TimeoutError("no answer in 30 s")
        importance = "enormous" if mail.subject == "nonsense" else "normal"
        verdict = Verdict(summary=mail.subject, importance=importance)  # type: ignore[arg-type]
        return Answer(verdict, Usage(tokens_in=100, tokens_out=20))


@pytest.fixture
def moody(settings: Settings) -> Iterator[Moody]:
    model = Moody()
    selection.MODELS["moody"] = lambda: model
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "llm_model": "moody"}
    yield model
    del selection.MODELS["moody"]


@pytest.fixture
def new_mail() -> MailMaker:
    accounts: dict[str, Account] = {}

    def make(subject: str = "Hello", *, user: str = "kim", text: str = "", **fields: object) -> Mail:
        if user not in accounts:
            owner, _ = User.objects.get_or_create(username=user)
            address = f"{user}@own.example"
            accounts[user] = Account.objects.create(owner=owner, provider="mbox", location=user, address=address)
        number = Mail.objects.count()
        return Mail.objects.create(
            **{
                "account": accounts[user],
                "identity": f"<{number}>",
                "provider_key": str(number),
                "subject": subject,
                "text": text,
                "sender_address": "lee@person.example",
                "recipients": [{"name": "", "address": f"{user.title()}@OWN.example", "kind": "to"}],
                "sent_at": SENT,
                "received_at": SENT,
                **fields,
            }
        )

    return make


def test_every_mail_gets_its_understanding(new_mail: MailMaker) -> None:
    mail = new_mail("Figures", text="Could you send me the figures by Friday?\n\nLee")
    assert classify_emails() == {"classified": 1, "already": 0, "failed": 0}
    row = Classification.objects.get()
    assert row.mail == mail
    assert row.summary == "Could you send me the figures by Friday?"
    assert row.action_items == ["Could you send me the figures by Friday?"]
    assert (row.importance, row.is_automated, row.model) == ("high", False, "rules-1")
    assert row.labels == ["answer", "deadline"]
    assert (row.deadline, row.deadline_is_day) == (datetime(2026, 11, 20, 12, tzinfo=UTC), True)
    assert row.reasons == ["asks for something (+1)", "deadline 2026-11-20 (+2)"]


def test_a_deadline_with_an_hour_keeps_it(new_mail: MailMaker) -> None:
    new_mail(text="Please call me by Friday at 5 pm.")
    classify_emails()
    row = Classification.objects.get()
    assert (row.deadline, row.deadline_is_day) == (datetime(2026, 11, 20, 17, tzinfo=UTC), False)
    assert deadline_at(None) is None


def test_a_mail_is_classified_once_however_often_it_runs(new_mail: MailMaker, moody: Moody) -> None:
    for number in range(7):
        new_mail(f"mail {number}")
    assert classify_emails()["classified"] == 7
    assert classify_emails() == {"classified": 0, "already": 0, "failed": 0}
    assert len(moody.asked) == 7
    assert Classification.objects.count() == 7


def test_broken_and_own_mails_are_classified_too(new_mail: MailMaker) -> None:
    broken = new_mail("", parse_error="headers: no colon", raw=b"\xff\x00", sender_address="")
    own = new_mail("Done", direction=Mail.Direction.OUT, text="Please send it by Friday.")
    assert classify_emails()["classified"] == 2
    assert Classification.objects.get(mail=broken).importance == "normal"
    assert Classification.objects.get(mail=own).reasons == ["written by the owner"]


def test_attachments_and_recipients_count(new_mail: MailMaker) -> None:
    listed = new_mail(recipients=[{"name": "", "address": "all@firm.example", "kind": "to"}])
    Attachment.objects.create(mail=listed, position=0, filename="i.pdf", digest="0", text="Due date: 2026-12-01")
    classify_emails()
    row = Classification.objects.get()
    assert row.deadline == datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert "owner not named under To (-1)" in row.reasons


def test_one_user_or_a_number_of_mails_may_be_asked_for(new_mail: MailMaker) -> None:
    for user in ("kim", "pat"):
        for _ in range(3):
            new_mail(user=user)
    kim = User.objects.get(username="kim")
    assert classify_emails(user_id=kim.pk, limit=2)["classified"] == 2
    assert classify_emails(user_id=kim.pk)["classified"] == 1
    assert Classification.objects.exclude(mail__account__owner=kim).count() == 0
    assert classify_emails()["classified"] == 3


def test_small_batches_reach_every_mail(new_mail: MailMaker, settings: Settings) -> None:
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "ai_processing_batch_size": 2}
    for _ in range(5):
        new_mail()
    assert classify_emails()["classified"] == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SW-4")
def test_in_a_run_rows_name_run_user_and_correlation(new_mail: MailMaker, moody: Moody) -> None:
    for user in ("kim", "pat"):
        new_mail(user=user)
    run = run_here(classify_emails, {})
    assert run.state == State.SUCCESS
    assert {row.run_id for row in Classification.objects.all()} == {run.pk}
    calls = LLMCall.objects.order_by("owner__username").values_list(
        "owner__username", "run_id", "correlation_id", "model", "purpose", "tokens_in", "tokens_out", "outcome"
    )
    tail = (run.pk, run.correlation_id, "moody-7", "classify_mail", 100, 20, "ok")
    assert list(calls) == [("kim", *tail), ("pat", *tail)]
    users = [User.objects.get(username=name).pk for name in ("kim", "pat")]
    seen = [(bound["user_id"], bound["correlation_id"], bound["run_id"]) for bound in moody.bound]
    assert seen == [(user, run.correlation_id, str(run.pk)) for user in users]
    assert "user_id" not in structlog.contextvars.get_contextvars()


def test_a_mail_the_model_fails_on_waits_for_the_next_run_and_stops_no_other(new_mail: MailMaker, moody: Moody) -> None:
    bad, nonsense = new_mail("fail"), new_mail("nonsense")
    new_mail("good")
    assert classify_emails() == {"classified": 1, "already": 0, "failed": 2}
    calls = LLMCall.objects.order_by("id").values_list("outcome", "error", "tokens_in")
    assert list(calls) == [
        ("error", "TimeoutError: no answer in 30 s", 0),
        ("nonsense", "NonsenseError: importance is 'enormous'", 100),
        ("ok", "", 100),
    ]
    Mail.objects.filter(pk__in=[bad.pk, nonsense.pk]).update(subject="better")
    assert classify_emails() == {"classified": 2, "already": 0, "failed": 0}


def test_five_failures_in_a_row_are_the_models_and_end_the_run(new_mail: MailMaker, moody: Moody) -> None:
    for _ in range(9):
        new_mail("fail")
    with pytest.raises(TimeoutError, match="no answer"):
        classify_emails()
    assert len(moody.asked) == 5


def test_an_unknown_model_is_refused_before_any_mail_is_read(new_mail: MailMaker, settings: Settings) -> None:
    new_mail()
    settings.DAYBOOK_INGESTION = {"llm_model": "gpt-17"}
    with pytest.raises(UnknownModelError, match="known are: rules"):
        classify_emails()
    assert (LLMCall.objects.count(), Classification.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_leave_one_classification(new_mail: MailMaker) -> None:
    mail = new_mail()
    both = threading.Barrier(2)
    results: list[Classification | None] = []

    class Waiting(RulesModel):
        def classify(self, mail: MailFacts) -> Answer[Verdict]:
            both.wait(10)
            return super().classify(mail)

    def work() -> None:
        try:
            results.append(classify(Mail.objects.select_related("account").get(pk=mail.pk), model=Waiting()))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [result is None for result in results].count(True) == 1
    assert Classification.objects.count() == 1
    assert LLMCall.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_run_keeps_how_far_it_came_and_asks_nothing_twice(new_mail: MailMaker, moody: Moody) -> None:
    mails = [new_mail(f"mail {number}") for number in range(3)]
    classify_emails(limit=1)
    run = run_here(classify_emails, {})
    assert run.checkpoint == {"cursor": mails[-1].pk}
    assert moody.asked == ["mail 0", "mail 1", "mail 2"]


def test_nonsense_may_be_tried_again() -> None:
    assert NonsenseError("x").permanent is False
