"""process_threads and extract_transactions on a real database: once, again when a thread grew, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from ingestion.llm import selection
from ingestion.llm.errors import ModelUnavailableError
from ingestion.llm.facts import MailFacts
from ingestion.llm.money import FoundPayment, Payments
from ingestion.llm.protocol import Answer
from ingestion.llm.rules.model import RulesModel
from ingestion.llm.usage import Usage
from ingestion.models import Account, Fact, FinanceExtraction, LLMCall, Mail, Thread, ThreadReview, Todo, Transaction
from ingestion.operations import register_account
from ingestion.samples import write_sample_mailbox
from ingestion.tasks import classify_emails, extract_transactions, process_threads, sync_account
from jobs.states import State
from jobs.testing import result_of, run_job
from tests.commands import jobs, jobs_json, refused
from tests.mailboxes import message, write_mbox

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Deliver = Callable[..., Account]


class Payer(RulesModel):
    """A model of this test's: finds the same two payments, or nonsense, or is away, as the subject says."""

    name = "payer-1"
    is_away = True

    def __init__(self) -> None:
        self.asked = 0

    def payments(self, mail: MailFacts) -> Answer[Payments]:
        """Answer as the subject says."""
        self.asked += 1
        if "away" in mail.subject and self.is_away:
            raise ModelUnavailableError("HTTP 503")
        currency = "nonsense" if "nonsense" in mail.subject else "EUR"
        one = FoundPayment(amount=Decimal("7.50"), currency=currency, status="due", category="Rent")
        other = FoundPayment(amount=Decimal("2.00"), currency="CHF", status="paid", category="rent")
        return Answer(Payments(payments=(one, other)), Usage(tokens_in=10, tokens_out=5, cost=Decimal("0.01")))


@pytest.fixture
def payer(settings: Any) -> Iterator[Payer]:
    model = Payer()
    selection.MODELS["payer"] = lambda: model
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "llm_model": "payer"}
    yield model
    del selection.MODELS["payer"]


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    def put(name: str, *messages: bytes) -> Account:
        owner = User.objects.get_or_create(username=name, defaults={"email": f"{name}@x.org"})[0]
        account, _ = register_account(owner, mbox=write_mbox(tmp_path / name, *messages))
        sync_account(account_id=account.pk)
        return account

    return put


@pytest.mark.req("PW-2")
def test_a_thread_is_processed_once_and_again_when_it_grew(deliver: Deliver) -> None:
    account = deliver("anna", message("m1", body="Could you send me the plans by Friday?"))
    assert result_of(run_job(process_threads)) == {"reviewed": 1, "already": 0, "failed": 0}
    assert result_of(run_job(process_threads)) == {"reviewed": 0, "already": 0, "failed": 0}
    review = ThreadReview.objects.get()
    assert (review.mail_count, review.model, review.category) == (1, "rules-1", "other")
    assert "> Could you send me the plans by Friday?" in review.draft_reply
    todo = Todo.objects.get()
    assert (todo.owner, todo.text, todo.due_is_day, todo.done_at) == (
        account.owner,
        "Could you send me the plans by Friday?",
        True,
        None,
    )
    answer = message(
        "m2", sender="anna@x.org", to="bob@x.org", answers="m1", at=timedelta(hours=1), body="I'll send them."
    )
    deliver("anna", answer)
    assert result_of(run_job(process_threads))["reviewed"] == 1
    todo.refresh_from_db()
    assert todo.done_at is not None
    assert ThreadReview.objects.get().draft_reply == ""
    assert Todo.objects.open().get().is_promise
    assert sorted(Fact.objects.values_list("kind", flat=True)) == ["date", "promise"]
    assert LLMCall.objects.filter(purpose="review_thread", owner=account.owner).count() == 2


@pytest.mark.req("PW-2")
def test_aspects_are_asked_for_one_by_one_and_never_twice(deliver: Deliver) -> None:
    deliver("anna", message("m1", body="Could you send me the plans?"))
    run_job(process_threads, aspects=["sentiment"])
    review = ThreadReview.objects.get()
    assert (review.aspects, review.summary, review.sentiment) == (["sentiment"], "", "neutral")
    assert result_of(run_job(process_threads, aspects=["sentiment"]))["already"] == 1
    run_job(process_threads)
    review.refresh_from_db()
    assert review.aspects == ["classify", "draft_reply", "extract_tasks", "sentiment", "summarise"]
    assert review.summary == "Could you send me the plans?"
    assert LLMCall.objects.count() == 2
    run = run_job(process_threads, aspects=["mood"])
    assert (run.state, run.attempt) == (State.FAILED, 1)
    assert "unknown aspects: mood" in run.error_message


@pytest.mark.req("PW-2")
def test_one_thread_may_be_named_by_its_owner_only(deliver: Deliver) -> None:
    anna = deliver("anna", message("m1"), message("m2", subject="Other"))
    ben = deliver("ben", message("m1"))
    thread = Thread.objects.filter(account=anna).order_by("pk").last()
    assert thread
    assert result_of(run_job(process_threads, thread_id=thread.pk, user_id=anna.owner_id))["reviewed"] == 1
    assert [review.thread for review in ThreadReview.objects.all()] == [thread]
    run = run_job(process_threads, thread_id=thread.pk, user_id=ben.owner_id)
    assert (run.state, run.attempt) == (State.FAILED, 1)


@pytest.mark.req("AQ-5")
def test_the_sample_names_its_payments_once(tmp_path: Path) -> None:
    alex = User.objects.create_user("alex", email="alex.meier@example.org")
    write_sample_mailbox(tmp_path / "sample.mbox", now=NOW)
    account, _ = register_account(alex, mbox=tmp_path / "sample.mbox")
    sync_account(account_id=account.pk)
    assert result_of(run_job(extract_transactions)) == {
        "extracted": 0,
        "nothing": 0,
        "failed": 0,
        "transactions": 0,
        "categories": 0,
    }
    run_job(classify_emails)
    counts = result_of(run_job(extract_transactions))
    received = Mail.objects.filter(direction="in").count()
    assert (counts["extracted"], counts["nothing"], counts["failed"]) == (10, received - 10, 0)
    assert counts["transactions"] == Transaction.objects.filter(owner=alex).count() == 10
    assert set(Transaction.objects.values_list("amount", "currency", "status")) >= {
        (Decimal("742.00"), "EUR", "due"),
        (Decimal("23.00"), "EUR", "received"),
        (Decimal("247.52"), "EUR", "paid"),
    }
    again = result_of(run_job(extract_transactions))
    assert set(again.values()) == {0}


@pytest.mark.req("AQ-5")
def test_payments_keep_their_call_their_category_and_their_owner(deliver: Deliver, payer: Payer) -> None:
    deliver("anna", message("m1", body="EUR 7.50"), message("m2", body="no money here"))
    deliver("ben", message("m3", body="EUR 7.50"))
    run_job(classify_emails)
    assert result_of(run_job(extract_transactions)) == {
        "extracted": 2,
        "nothing": 1,
        "failed": 0,
        "transactions": 4,
        "categories": 2,
    }
    assert payer.asked == 2
    extraction = FinanceExtraction.objects.get(mail__message_id="<m1@x.org>")
    assert extraction.call
    assert (extraction.status, extraction.model, extraction.call.cost) == ("extracted", "payer-1", Decimal("0.01"))
    rows = extraction.transactions.order_by("position").values_list(
        "amount", "status", "category__name", "owner__username"
    )
    assert list(rows) == [(Decimal("7.50"), "due", "rent", "anna"), (Decimal("2.00"), "paid", "rent", "anna")]


@pytest.mark.req("AQ-5")
def test_a_mail_that_the_model_cannot_read_is_given_up_after_three_runs(deliver: Deliver, payer: Payer) -> None:
    deliver("anna", message("m1", subject="nonsense", body="EUR 7.50"), message("m2", body="EUR 7.50"))
    run_job(classify_emails)
    results = [result_of(run_job(extract_transactions)) for _ in range(4)]
    assert [(result["failed"], result["extracted"]) for result in results] == [(1, 1), (1, 0), (1, 0), (0, 0)]
    failed = FinanceExtraction.objects.get(status="failed")
    assert (failed.attempts, failed.error) == (3, "NonsenseError: currency 'nonsense'")
    assert failed.call
    assert failed.call.outcome == "nonsense"
    assert Transaction.objects.count() == 2


@pytest.mark.req("AQ-5")
def test_a_model_that_is_away_costs_no_mail_an_attempt(deliver: Deliver, payer: Payer) -> None:
    deliver("anna", message("m1", subject="away", body="EUR 7.50"))
    run_job(classify_emails)
    failed = [result_of(run_job(extract_transactions))["failed"] for _ in range(4)]
    assert (failed, FinanceExtraction.objects.count()) == ([1, 1, 1, 1], 0)
    payer.is_away = False
    assert result_of(run_job(extract_transactions))["extracted"] == 1


@pytest.mark.req("SW-4")
def test_a_spent_budget_passes_over_its_user_alone(deliver: Deliver, payer: Payer, settings: Any) -> None:
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "llm_daily_tokens": 20}
    deliver("anna", *(message(f"m{n}", body="EUR 7.50") for n in range(4)))
    deliver("ben", message("b1", body="EUR 7.50"))
    run_job(classify_emails)
    counts = result_of(run_job(extract_transactions))
    assert (counts["extracted"], counts["over_budget"], counts["failed"]) == (3, 2, 0)
    assert payer.asked == 3
    assert not FinanceExtraction.objects.filter(status="failed").exists()


@pytest.mark.req("PW-5")
@pytest.mark.django_db(transaction=True)
def test_the_command_line_processes_one_thread_or_all(deliver: Deliver) -> None:
    anna = deliver("anna", message("m1", body="Could you?"), message("m2", subject="Other"))
    thread = Thread.objects.filter(account=anna).earliest("pk")
    told = jobs_json("ai", "thread", str(thread.pk), "--user", "anna", "--aspect", "sentiment")
    assert (told["state"], told["counts"]) == ("SUCCESS", {"reviewed": 1, "already": 0, "failed": 0})
    assert ThreadReview.objects.get().aspects == ["sentiment"]
    assert jobs("ai", "bulk") == "2 reviewed, 0 already, 0 failed\n"
    assert refused("ai", "bulk", "--aspect", "mood")[0] == 2
    assert refused("ai", "thread", "999999")[0] == 1
