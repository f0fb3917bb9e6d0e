"""fact_decay: recomputes the relevance of all facts from their age and importance (ingestion/decay.py)."""

from __future__ import annotations

from django.db.models import Max
from django.utils import timezone

from ingestion.decay import decay
from ingestion.models import Fact
from jobs import Concurrency, Retry, crontab, current_run, job

FACTS_AT_ONCE = 20_000


@job(queue="maintenance", schedule=crontab("30 3 * * *"), retry=Retry(3), concurrency=Concurrency(1))
def fact_decay() -> dict[str, int]:
    """Recompute every fact's relevance, 20,000 keys per statement, and return {facts}; running it twice is harmless."""
    run = current_run()
    highest = Fact.objects.aggregate(Max("pk"))["pk__max"] or 0
    done, after = run.checkpointed("facts", 0), run.checkpointed("after", 0)
    while after < highest:
        run.stop_if_asked()
        done += decay(after=after, upto=after + FACTS_AT_ONCE, now=timezone.now())
        after += FACTS_AT_ONCE
        run.checkpoint(facts=done, after=after)
    return {"facts": done}
