"""How relevant a fact is after some time: exponential forgetting, slower for what is important.

relevance = importance * 2 ** (-age / half_life), half_life = HALF_LIFE_DAYS * (1 + SLOWER * importance). The curve is
Ebbinghaus' (1885, "Über das Gedächtnis") as a negative exponential; docs/ingestion.md has sources and a table.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, FloatField, Value
from django.db.models.functions import Greatest, Power

from ingestion.dialect import DaysUntil
from ingestion.models import Fact

HALF_LIFE_DAYS = 14.0
SLOWER = 5.0


def relevance_after(days: float, *, importance: float) -> float:
    """Return the relevance of a fact of that age; what lies ahead has lost nothing."""
    return float(importance * 2 ** (-max(days, 0.0) / (HALF_LIFE_DAYS * (1 + SLOWER * importance))))


def decay(*, after: int, upto: int, now: datetime) -> int:
    """Recompute the facts with keys in (after, upto] in one statement, and return how many they were."""
    age = Greatest(DaysUntil(Value(now), F("observed_at")), Value(0.0), output_field=FloatField())
    half_life = Value(HALF_LIFE_DAYS) * (Value(1.0) + Value(SLOWER) * F("importance"))
    factor = Power(Value(2.0), Value(0.0) - age / half_life, output_field=FloatField())
    chosen = Fact.objects.filter(pk__gt=after, pk__lte=upto)
    return chosen.update(relevance=F("importance") * factor, decayed_at=now)
