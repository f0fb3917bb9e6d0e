"""Reads the payments out of one mail: asks the model where there is an amount at all, stores what it found once."""

from __future__ import annotations

from django.db import transaction

from ingestion.llm.errors import BudgetSpentError, ModelUnavailableError
from ingestion.llm.facts import MailFacts
from ingestion.llm.money import FoundPayment, Payments, checked_payments
from ingestion.llm.protocol import LanguageModel
from ingestion.llm.recording import Recorded, recorded
from ingestion.llm.rules.payments import AMOUNT
from ingestion.mail_facts import facts_of
from ingestion.models import FinanceExtraction, LLMCall, Mail, Transaction, TransactionCategory
from jobs.context import active_run

PURPOSE = "find_payments"
MOST_ATTEMPTS = 3
NOT_THE_MAILS = (BudgetSpentError, ModelUnavailableError)
"""What says nothing about the mail; it is asked about again however often that happens."""
Status = FinanceExtraction.Status


def extract_payments(mail: Mail, *, model: LanguageModel) -> dict[str, int]:
    """Return how many transactions and categories the mail brought.

    Raises: what the model raises; what the mail may have caused is noted with it, and it is tried MOST_ATTEMPTS times.
    """
    facts = facts_of(mail)
    if not names_an_amount(facts):
        _store(mail, None, model="")
        return {"transactions": 0, "categories": 0}
    try:
        answer = recorded(
            lambda: model.payments(facts),
            check=checked_payments,
            model=model.name,
            purpose=PURPOSE,
            owner_id=mail.account.owner_id,
        )
    except Exception as error:
        if not isinstance(error, NOT_THE_MAILS):
            _note_failure(mail, error, model=model.name)
        raise
    return _store(mail, answer, model=model.name)


def names_an_amount(facts: MailFacts) -> bool:
    """Tell whether there is anything to ask a model about."""
    texts = [facts.subject, facts.text, *(file.text for file in facts.attachments)]
    return any(AMOUNT.search(text) for text in texts)


@transaction.atomic
def _store(mail: Mail, answer: Recorded[Payments] | None, *, model: str) -> dict[str, int]:
    run = active_run()
    payments = answer.value.payments if answer else ()
    before = FinanceExtraction.objects.select_for_update().filter(mail=mail).first()
    if before and before.status != Status.FAILED:
        return {"transactions": 0, "categories": 0}
    extraction, _ = FinanceExtraction.objects.update_or_create(
        mail=mail,
        defaults={
            "status": Status.EXTRACTED if payments else Status.NOTHING,
            "call": answer.call if answer else None,
            "found": [_as_json(payment) for payment in payments],
            "attempts": before.attempts + 1 if before else 1,
            "error": "",
            "model": model,
            "run_id": run.id if run else None,
        },
    )
    new = [_transaction(mail, extraction, at, payment) for at, payment in enumerate(payments)]
    Transaction.objects.bulk_create([row for row, _ in new])
    return {"transactions": len(new), "categories": sum(is_new for _, is_new in new)}


def _transaction(
    mail: Mail, extraction: FinanceExtraction, position: int, payment: FoundPayment
) -> tuple[Transaction, bool]:
    owner_id = mail.account.owner_id
    category, is_new = TransactionCategory.objects.get_or_create(owner_id=owner_id, name=payment.category.lower())
    row = Transaction(
        owner_id=owner_id,
        extraction=extraction,
        position=position,
        category=category,
        status=payment.status,
        amount=payment.amount,
        currency=payment.currency,
        counterparty=payment.counterparty,
        reference=payment.reference,
        happened_on=payment.happened_on or mail.sent_at.date(),
        due_on=payment.due_on,
    )
    return row, is_new


def _note_failure(mail: Mail, error: Exception, *, model: str) -> None:
    run = active_run()
    before = FinanceExtraction.objects.filter(mail=mail).first()
    call = LLMCall.objects.filter(owner_id=mail.account.owner_id, purpose=PURPOSE).order_by("-pk").first()
    FinanceExtraction.objects.update_or_create(
        mail=mail,
        defaults={
            "status": Status.FAILED,
            "call": call,
            "attempts": before.attempts + 1 if before else 1,
            "error": f"{type(error).__name__}: {error}"[:500],
            "model": model,
            "run_id": run.id if run else None,
        },
    )


def _as_json(payment: FoundPayment) -> dict[str, str]:
    return {name: str(value) for name, value in vars(payment).items() if value not in (None, "")}
