"""Tells mail written by a person to the owner from mail a machine sent, and machine mail from mail to many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ingestion.llm.facts import MailFacts
from ingestion.llm.rules.languages import LANGUAGES

NO_REPLY = re.compile(
    r"^(?:.*[._+-])?(?:no-?reply|do-?not-?reply|ne-?pas-?repondre|nicht-?antworten|mailer-daemon|postmaster|bounces?|"
    r"notifications?|newsletter|news|alerts?|updates?)(?:[._+-].*)?$"
)
ROLE = re.compile(
    r"^(?:info|service|kundenservice|support|billing|invoices?|rechnung(?:en)?|factures?|receipts?|orders?|bestellung(?:en)?|"
    r"tickets?|confirmations?|booking|reservations?|security|account|konto|termine|angebote|offers?|hello|contact)$"
)
SALES_LETTER_FROM = 2
LISTED = ("list-unsubscribe", "list-id")


@dataclass(frozen=True)
class Automation:
    """Who wrote it, and how that was seen."""

    kind: Literal["person", "machine", "bulk", "away"]
    """away: the automatic reply of someone who is not there"""
    reason: str = ""


PERSON = Automation("person")


def automation_of(mail: MailFacts, text: str) -> Automation:
    """Return who wrote the mail; headers are believed before addresses, addresses before words."""
    if mail.is_own:
        return PERSON
    found = _by_headers(mail) or _by_address_and_words(mail, text)
    if found.kind == "machine" and _any(text, "away"):
        return Automation("away", found.reason)
    return found


def _by_address_and_words(mail: MailFacts, text: str) -> Automation:
    local_part = mail.sender_address.partition("@")[0].lower()
    if _any(text, "bulk"):
        return Automation("bulk", "has the footer or the words of mail to many")
    if NO_REPLY.match(local_part):
        return Automation("machine", f"sent from {mail.sender_address}")
    if _any(text, "automatic") or _any(mail.subject, "away"):
        return Automation("machine", "says of itself that it is automatic")
    if is_organisation(mail) and _any(text, "transaction"):
        return Automation("machine", f"an order, bill or booking from {mail.sender_address}")
    if _marketing_words(text) >= SALES_LETTER_FROM:
        return Automation("bulk", "reads like a sales letter")
    return PERSON


def is_organisation(mail: MailFacts) -> bool:
    """Whether the sender is a role or carries the name of its domain, rather than a person's."""
    local_part, _, domain = mail.sender_address.lower().partition("@")
    if ROLE.match(local_part):
        return True
    words = [word for word in re.findall(r"[^\W\d_]+", mail.sender_name.lower()) if len(word) > 2]
    is_person = any(word in local_part for word in words)
    return not is_person and any(word in domain for word in words)


def _marketing_words(text: str) -> int:
    return max(len({word.lower() for word in language.marketing.findall(text)}) for language in LANGUAGES)


def _by_headers(mail: MailFacts) -> Automation | None:
    submitted = mail.headers.get("auto-submitted", "no").lower()
    if submitted.partition(";")[0].strip() != "no":
        return Automation("machine", f"header Auto-Submitted: {submitted}")
    for name in LISTED:
        if name in mail.headers:
            return Automation("bulk", f"header {name.title()}")
    precedence = mail.headers.get("precedence", "").lower()
    if precedence in {"bulk", "list", "junk"}:
        return Automation("bulk", f"header Precedence: {precedence}")
    if "x-auto-response-suppress" in mail.headers:
        return Automation("machine", "header X-Auto-Response-Suppress")
    return None


def _any(text: str, idea: Literal["bulk", "automatic", "away", "transaction"]) -> bool:
    return any(getattr(language, idea).search(text) for language in LANGUAGES)
