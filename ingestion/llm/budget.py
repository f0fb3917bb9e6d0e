"""How much of the model a user may still take today; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The share of one user per day (UTC); 0 is no bound."""

    tokens: int = 0
    cost: Decimal = Decimal(0)

    def is_bounded(self) -> bool:
        """Whether anything needs to be counted."""
        return bool(self.tokens or self.cost)

    def spent_by(self, *, tokens: int, cost: Decimal) -> str:
        """Return which bound today's calls have reached, in words; "" while there is something left."""
        if self.tokens and tokens >= self.tokens:
            return f"{tokens} of {self.tokens} tokens"
        if self.cost and cost >= self.cost:
            return f"{cost.normalize():f} of {self.cost.normalize():f} in money"
        return ""


def day_start(now: datetime) -> datetime:
    """Return the last midnight."""
    return datetime.combine(now.date(), time(), now.tzinfo)


def seconds_to_next_day(now: datetime) -> float:
    """Return how long until the next share."""
    return (day_start(now) + timedelta(days=1) - now).total_seconds()
