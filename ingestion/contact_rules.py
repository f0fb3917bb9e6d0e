"""When two addresses are one person's; pure, and careful: two people as one is worse than one as two."""

from __future__ import annotations

import re

_DOTS_DONT_MATTER = {"gmail.com"}
_SAME_DOMAIN = {"googlemail.com": "gmail.com"}
_ROLES = re.compile(
    r"(?:no-?_?\.?reply|do-?not-?reply|mailer-daemon|postmaster|bounces?|notifications?|newsletter|alerts?|info|support|"
    r"office|sales|contact|admin|team|hello|service|billing|receipts?|kundenservice|noreponse|news)(?:[-+._].*)?"
)
_AUTOMATED = re.compile(
    r"(?:no-?_?\.?reply|do-?not-?reply|mailer-daemon|postmaster|bounces?|notifications?)(?:[-+._].*)?"
)


def address_key(address: str) -> str:
    """Return what is the same for all spellings of one mailbox: no case, no +tag, no dots for Google."""
    local, _, domain = address.strip().lower().rpartition("@")
    domain = _SAME_DOMAIN.get(domain, domain)
    # A mailbox that begins with + has no tag.
    local = local[:1] + local[1:].partition("+")[0]
    if domain in _DOTS_DONT_MATTER:
        local = local.replace(".", "")
    return f"{local}@{domain}"[:320]


def is_automated(address: str) -> bool:
    """Tell whether a machine writes from there."""
    return _AUTOMATED.fullmatch(address.lower().partition("@")[0]) is not None


def is_role(address: str) -> bool:
    """Tell whether it is a function's address rather than a person's."""
    return _ROLES.fullmatch(address.lower().partition("@")[0]) is not None


def plain_name(name: str) -> str:
    """Return a name as it is compared: "Keller, Anna" is "anna keller"; "" for what names nobody."""
    last, comma, first = name.partition(",")
    words = re.findall(r"[^\W\d_]+", f"{first} {last}" if comma and first.strip() else name)
    return " ".join(words).casefold()


def has_full_name(name: str) -> bool:
    """Tell whether a name has two words at least: only such a one may tell who somebody is."""
    return len(plain_name(name).split()) >= 2


def is_same_person(*, name: str, address: str, other_name: str, other_address: str) -> bool:
    """Tell whether two addresses lead to one person: the same full name, and the same part before the @.

    A full name has two words at least; addresses of functions (info, support) never tell.
    """
    if address_key(address) == address_key(other_address):
        return True
    if not has_full_name(name) or plain_name(name) != plain_name(other_name) or is_role(address):
        return False
    return address_key(address).partition("@")[0] == address_key(other_address).partition("@")[0]


def fuller_name(known: str, seen: str) -> str:
    """Return the name to keep: the one with more words, the known one if both have as many."""
    if "@" in seen or not plain_name(seen):
        return known
    return seen.strip() if len(plain_name(seen).split()) > len(plain_name(known).split()) else known
