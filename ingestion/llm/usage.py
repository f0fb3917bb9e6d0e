"""What one call of a model took; pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens and money; a local model takes nothing."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)
    """In the currency of the price list, at most six decimals."""


NOTHING = Usage()


def priced(tokens_in: int, tokens_out: int, *, price_in: Decimal, price_out: Decimal) -> Usage:
    """Return the usage of so many tokens; prices are per million."""
    cost = (tokens_in * price_in + tokens_out * price_out) / 1_000_000
    return Usage(tokens_in=tokens_in, tokens_out=tokens_out, cost=round(cost, 6))
