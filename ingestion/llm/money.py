"""What a model answers about the money in a mail; `checked_payments` refuses answers that make no sense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from ingestion.llm.errors import NonsenseError

PaymentStatus = Literal["due", "paid", "received"]
MOST_PAYMENTS = 20
LARGEST = Decimal(10) ** 11
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, kw_only=True)
class FoundPayment:
    """One amount that was or is to be paid."""

    amount: Decimal
    """More than 0, at most two decimals."""
    currency: str
    """ISO 4217."""
    status: PaymentStatus
    category: str = "other"
    """One lower-case word."""
    counterparty: str = ""
    reference: str = ""
    happened_on: date | None = None
    """None: the day of the mail."""
    due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Payments:
    """A model's answer about one mail; empty when it names no payment of the owner's."""

    payments: tuple[FoundPayment, ...] = ()


def checked_payments(found: Payments) -> Payments:
    """Return `found` unchanged.

    Raises: NonsenseError when it breaks its own terms.
    """
    if len(found.payments) > MOST_PAYMENTS:
        raise NonsenseError(f"{len(found.payments)} payments; at most {MOST_PAYMENTS}")
    problems = [problem for payment in found.payments for problem in _problems(payment)]
    if problems:
        raise NonsenseError("; ".join(problems))
    return found


def _problems(payment: FoundPayment) -> list[str]:
    amount = payment.amount
    checks = (
        (not amount.is_finite() or not 0 < amount < LARGEST, f"amount {amount}"),
        (amount.is_finite() and amount != round(amount, 2), f"amount {amount} with more than two decimals"),
        (not _CURRENCY.fullmatch(payment.currency), f"currency {payment.currency!r}"),
        (payment.status not in get_args(PaymentStatus), f"status {payment.status!r}"),
        (not re.fullmatch(r"[^\W\d_]{1,50}", payment.category), f"category {payment.category!r}"),
        (len(payment.counterparty) > 320 or len(payment.reference) > 100, "counterparty or reference too long"),
    )
    return [words for is_wrong, words in checks if is_wrong]
