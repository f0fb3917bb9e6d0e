"""Amounts in every spelling, and which mails are about a payment of the owner's at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ingestion.llm.errors import NonsenseError
from ingestion.llm.facts import MailFacts
from ingestion.llm.money import FoundPayment, Payments, checked_payments
from ingestion.llm.rules.model import RulesModel
from ingestion.llm.rules.payments import parse_amount

pytestmark = pytest.mark.req("AQ-5")
SENT = datetime(2026, 11, 18, 9, tzinfo=UTC)


def found(text: str, *, subject: str = "Mail") -> tuple[FoundPayment, ...]:
    mail = MailFacts(subject=subject, text=text, sent_at=SENT, sender_name="Shop", sender_address="s@x.org")
    return RulesModel().payments(mail).value.payments


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1'234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1,234", "1234.00"),
        ("12", "12.00"),
        ("0,99", "0.99"),
        ("12.345.678", "12345678.00"),
    ],
)
def test_an_amount_is_read_in_every_spelling(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


def test_the_total_counts_and_not_its_parts_nor_a_larger_number() -> None:
    (payment,) = found(
        "Invoice 4711\nWork CHF 900.00\nTotal: CHF 1'080.50\nCapital CHF 100'000.00\nPayment is due by 2026-12-01."
    )
    assert payment == FoundPayment(
        amount=Decimal("1080.50"),
        currency="CHF",
        status="due",
        counterparty="Shop",
        reference="4711",
        due_on=date(2026, 12, 1),
    )


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("We refunded EUR 20.00 to your card.", "received"),
        ("Receipt: EUR 20.00", "paid"),
        ("Ihre Rechnung: 20,00 EUR", "due"),
    ],
)
def test_the_words_say_which_way_the_money_goes(text: str, status: str) -> None:
    assert [(payment.amount, payment.status) for payment in found(text)] == [(Decimal("20.00"), status)]


@pytest.mark.parametrize(
    "text",
    ["See you at 20.00 in room 5.", "Unser Angebot: 500 EUR", "Your invoice is attached.", "I saw a bike for $300."],
    ids=["time", "offer", "no-amount", "chat"],
)
def test_no_payment_is_invented(text: str) -> None:
    assert found(text) == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount": Decimal(-1)}, "amount -1"),
        ({"amount": Decimal("NaN")}, "amount NaN"),
        ({"amount": Decimal("1.005")}, "more than two decimals"),
        ({"currency": "euro"}, "currency 'euro'"),
        ({"status": "maybe"}, "status 'maybe'"),
        ({"category": "two words"}, "category 'two words'"),
    ],
    ids=["negative", "nan", "decimals", "currency", "status", "category"],
)
def test_a_senseless_payment_is_refused(change: dict[str, object], problem: str) -> None:
    good: dict[str, object] = {"amount": Decimal("1.00"), "currency": "EUR", "status": "due"}
    assert checked_payments(Payments(payments=(FoundPayment(**good),))).payments  # type: ignore[arg-type]
    with pytest.raises(NonsenseError, match=problem):
        checked_payments(Payments(payments=(FoundPayment(**{**good, **change}),)))  # type: ignore[arg-type]
