"""The shape of a language's vocabulary: phrases as alternatives of one regular expression per idea."""

from __future__ import annotations

import re
from dataclasses import dataclass


def phrases(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern that finds any of the alternatives (regular expressions) as whole words, in any case."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)


def words(*lines: str) -> frozenset[str]:
    """Return the words of the lines."""
    return frozenset(word for line in lines for word in line.split())


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """What the rules know of one language."""

    code: str
    common: frozenset[str]
    """Frequent words, by which the language is recognised."""

    request: re.Pattern[str]
    """Asks the reader to do something."""
    no_request: re.Pattern[str]
    """Makes a sentence no request, though it reads like one."""
    answer: re.Pattern[str]
    """Within a request: what is wanted is an answer, not a payment or a form."""
    urgent: re.Pattern[str]
    overdue: re.Pattern[str]
    """Late, or a loss is threatened."""
    security: re.Pattern[str]
    official: re.Pattern[str]
    """Courts, fines and other letters one must not miss."""
    bulk: re.Pattern[str]
    """Footers and phrases of mail sent to many."""
    marketing: re.Pattern[str]
    """Words of people who sell; two different ones make a sales letter."""
    automatic: re.Pattern[str]
    """Says of itself that a machine wrote it."""
    away: re.Pattern[str]
    """An automatic reply of someone who is away."""
    transaction: re.Pattern[str]
    """Talks of the reader's order, booking, bill or account, as systems do."""
    courtesy: re.Pattern[str]
    """Lines that begin or end a letter."""
    labels: dict[str, re.Pattern[str]]

    due: str
    """Regular expression of what stands before a deadline's date."""
    due_after: str
    """The same for what stands behind the date."""
    same_day: str
    """Words for today and tomorrow."""
    weekdays: str
    months: str
    this_week: str
    week_end: str
    month_end: str
    ahead: str
    """"in 3 days"."""
