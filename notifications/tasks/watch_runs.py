"""watch_runs: once a minute operators, programs and users are told of what ended and what is wrong."""

from __future__ import annotations

from collections import Counter

from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from jobs.states import State
from notifications.alerting.ended_runs import ended_since_last_look, unseen
from notifications.alerting.telling import tell_operators
from notifications.alerting.watching import watch_ended, watch_state
from notifications.delivering import deliver
from notifications.models import Delivery
from notifications.run_notices import tell_who_asked, tell_who_started
from notifications.tasks.send_webhooks import send_webhooks
from notifications.webhooks.events import plan_events
from notifications.webhooks.sending import endpoints_with_due

LOOK = "watch_runs"
# Their own ends would bring further ones for ever.
NEVER_TOLD = ("watch_runs", "send_webhooks")


@job(queue="notifications", schedule=every(minutes=1), retry=Retry(3), concurrency=Concurrency(1, key="watch_runs"))
def watch_runs() -> dict[str, int]:
    """Raise and send alerts, plan webhooks and run notices, and return the counts."""
    now = timezone.now()
    ended = ended_since_last_look(LOOK, now=now)
    counts = Counter(webhooks=plan_events(ended.exclude(job__in=NEVER_TOLD).iterator(chunk_size=500), now=now))
    counts.update(run_notices=0, errors=0)
    counts.update(tell_who_asked(now=now))
    counts.update(tell_who_started(ended, now=now))
    bad = ended.filter(state__in=[State.FAILED, State.MISSED])
    watch_ended(unseen(LOOK, bad.iterator(chunk_size=500), now=now), now=now)
    watch_state(now=now)
    counts["alerts"] = tell_operators(now=now)
    counts["sent"] = deliver(Delivery.objects.due(timezone.now()).to_nobody_here(), unavailable=set())["sent"]
    for endpoint in endpoints_with_due(now=timezone.now()):
        send_webhooks.apply_async(kwargs={"endpoint_id": endpoint}, unique_key=f"send_webhooks:{endpoint}")
    return dict(counts)
