"""Finds the one payment of an invoice, receipt or refund: an amount with a currency, best behind a word for total."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ingestion.llm.facts import MailFacts
from ingestion.llm.money import FoundPayment, Payments, PaymentStatus
from ingestion.llm.rules.deadlines import find_deadline
from ingestion.llm.rules.languages.vocabulary import phrases
from ingestion.llm.rules.reading import read, straight

LONGEST_FILE_TEXT = 5000
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "FR.": "CHF", "FRANKEN": "CHF", "EURO": "EUR", "EUROS": "EUR"}
_CURRENCY = r"(?:EUR|CHF|USD|GBP|Fr\.|Franken|Euros?|[€$£])"
_NUMBER = r"\d{1,3}(?:[',. ]\d{3})*(?:[.,]\d{2})?(?!\d)|\d+(?:[.,]\d{2})?(?!\d)"
AMOUNT = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_CURRENCY})\s?(?P<first>{_NUMBER})|(?P<second>{_NUMBER})\s?(?P<after>{_CURRENCY})(?!\w))",
    re.IGNORECASE,
)
MONEY_MATTER = phrases(
    "invoice",
    "bill",
    "receipt",
    "amount due",
    "payment (?:is )?due",
    "charged",
    "refund\\w*",
    "paid",
    "you paid",
    "rechnung\\w*",
    "\\w*rechnung",
    "quittung",
    "beleg",
    "betrag",
    "\\w+betrag",
    "abgebucht",
    "überweis\\w+",
    "gutschrift",
    "mahnung",
    "bestellung",
    "buchungsbestätigung",
    "facture",
    "reçu",
    "montant",
    "à payer",
    "prélevée?",
    "remboursement",
    "avis de taxe",
    "ride receipt",
    "riding with us",
)
NO_MATTER = phrases(
    "devis",
    "angebot",
    "quote",
    "quotation",
    "offer",
    "preisliste",
    "price list",
    "on hold",
    "kostenvoranschlag",
    "proposal",
    "revenue",
)
TOTAL = phrases(
    "total(?: ttc)?",
    "amount due",
    "gesamt\\w*",
    "summe",
    "betrag",
    "offener betrag",
    "montant(?: à payer)?",
    "preis",
    "rechnungsbetrag",
    "invoice [\\w-]+ over",
    "rechnung(?: \\w+)? über",
    "facture de",
    "remboursement de",
    "refund of",
)
RECEIVED = phrases("refund(?:ed)?", "credited", "gutschrift", "gutgeschrieben", "erstatt\\w+", "remboursement")
PAID = phrases(
    "receipt",
    "paid",
    "charged",
    "quittung",
    "bezahlt",
    "thank(?:s| you) for (?:your (?:order|purchase)|riding)",
    "reçu",
    "payée?",
    "merci pour votre commande",
    "buchungsbestätigung",
    "dank für ihre (?:buchung|bestellung)",
    "acquittée?",
)
CATEGORIES = {
    "travel": phrases(
        "hotel", "ride", "taxi", "flight", "flug", "train", "bahn\\w*", "hôtel", "billets?", "ticket\\w*", "fahrkarte"
    ),
    "energy": phrases("strom\\w*", "gas", "electricity", "électricité", "énergie"),
    "tax": phrases("taxe?s?", "taxe foncière", "steuer\\w*", "impôts?", "finanzamt"),
    "telecom": phrases("internet", "mobil\\w*", "telefon\\w*", "phone", "hosting", "domain", "téléphone", "forfait"),
    "health": phrases("arzt\\w*", "zahn\\w*", "doctor", "dentist", "clinic", "médecin", "praxis"),
}
REFERENCE = re.compile(
    r"(?:invoice|rechnung|facture|order|bestellung)(?:\s+(?:no\.?|nr\.?|n°))?\s+#?([A-Z]*-?\d[\w-]*)", re.IGNORECASE
)


@dataclass(frozen=True)
class _Amount:
    value: Decimal
    currency: str
    is_total: bool


def find_payments(mail: MailFacts) -> Payments:
    """Return the payment, or none where the mail isn't about one of the owner's."""
    lines = [line for line in _lines(mail) if line.strip()]
    text = "\n".join(lines)
    if mail.is_own or not MONEY_MATTER.search(text) or NO_MATTER.search(text):
        return Payments()
    amounts = [amount for line in lines for amount in _amounts(line)]
    if not amounts:
        return Payments()
    best = max(amounts, key=lambda amount: (amount.is_total, amount.value))
    status = _status(text)
    return Payments(
        payments=(
            FoundPayment(
                amount=best.value,
                currency=best.currency,
                status=status,
                category=next((name for name, words in CATEGORIES.items() if words.search(text)), "other"),
                counterparty=(mail.sender_name or mail.sender_address)[:320],
                reference=next((found[1][:100] for found in [REFERENCE.search(text)] if found), ""),
                due_on=_due_on(mail, lines) if status == "due" else None,
            ),
        )
    )


def parse_amount(text: str) -> Decimal:
    """Return the number in 1'234.50, 1.234,50, 1 234,50 or 1,234: two digits behind the last mark are decimals."""
    whole, decimals = text, "00"
    if len(text) > 3 and text[-3] in ".,":
        whole, decimals = text[:-3], text[-2:]
    return Decimal(f"{re.sub(r'[^0-9]', '', whole)}.{decimals}")


def _lines(mail: MailFacts) -> Iterator[str]:
    yield straight(mail.subject)
    yield from straight(mail.text).splitlines()
    for file in mail.attachments:
        yield from straight(file.text[:LONGEST_FILE_TEXT]).splitlines()


def _amounts(line: str) -> Iterator[_Amount]:
    for found in AMOUNT.finditer(line):
        value = parse_amount(found["first"] or found["second"])
        sign = (found["before"] or found["after"]).upper()
        if value:
            total = TOTAL.search(line[: found.start()]) is not None
            yield _Amount(value, SIGNS.get(sign, sign), total)


def _status(text: str) -> PaymentStatus:
    if RECEIVED.search(text):
        return "received"
    return "paid" if PAID.search(text) else "due"


def _due_on(mail: MailFacts, lines: list[str]) -> date | None:
    found = find_deadline(lines, read(mail).language, sent_at=mail.sent_at)
    return found.day if found else None
