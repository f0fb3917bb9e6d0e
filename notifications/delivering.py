"""Takes deliveries through their states: claimed before anything goes out, settled by what the receiver said.

A process that dies in between leaves SENDING; after a while that counts as an attempt without an answer. As often as
its channel allows it is tried again, under the same Message-ID, then it is UNKNOWN. Only so may a second copy come.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import F
from django.utils import timezone

from jobs.context import active_run
from notifications.addressing import secret_of
from notifications.channels import CHANNELS, EMAIL, Channel
from notifications.channels.errors import DeliveryError, UnavailableError
from notifications.channels.protocol import Outgoing
from notifications.composing.page import page_of
from notifications.conf import conf
from notifications.models import Delivery
from notifications.models.delivery import DeliveryQuerySet
from notifications.rules import Limits, Verdict, verdict_on, wait_before_attempt

LONGEST_ERROR = 500
CUT_OFF = "the sending process ended without an answer"
State = Delivery.State
SETTLED = {
    Verdict.AGAIN: (State.PENDING, "retrying"),
    Verdict.FAILED: (State.FAILED, "failed"),
    Verdict.UNKNOWN: (State.UNKNOWN, "uncertain"),
}

log = structlog.get_logger(__name__)


def reclaim_cut_off(*, now: datetime) -> int:
    """Settle what was being sent when its process ended, and return how many there were."""
    cut_off = Delivery.objects.cut_off(now - timedelta(minutes=conf().sending_limit_minutes))
    return sum(_settle_cut_off(delivery, now) for delivery in cut_off.order_by("pk"))


def deliver(deliveries: DeliveryQuerySet, *, unavailable: set[str]) -> Counter[str]:
    """Try these deliveries, oldest first, and return counts by outcome.

    A channel found out of reach is added to `unavailable`, and its deliveries wait as they are.
    """
    counts: Counter[str] = Counter()
    for delivery in deliveries.select_related("signal", "endpoint").order_by("pk"):
        if delivery.channel in unavailable:
            counts["waiting"] += 1
            continue
        try:
            counts[attempt(delivery, outgoing_of(delivery))] += 1
        except UnavailableError as error:
            log.warning("channel unavailable", channel=delivery.channel, error=str(error))
            unavailable.add(delivery.channel)
            counts["waiting"] += 1
    return counts


def attempt(delivery: Delivery, message: Outgoing) -> str:
    """Try one delivery and return its outcome: sent, retrying, failed, uncertain, or taken by another process.

    Raises: UnavailableError when the channel is out of reach; the delivery is as before then.
    """
    channel = CHANNELS[delivery.channel]
    with channel.opened() as line:
        if not _claim(delivery):
            return "taken"
        try:
            line.send(message)
        except DeliveryError as error:
            return _refused(delivery, error, channel)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.exception("channel failed", delivery_id=delivery.pk)
            return _refused(delivery, DeliveryError(f"{type(error).__name__}: {error}"), channel)
        return _sent(delivery)


def outgoing_of(delivery: Delivery) -> Outgoing:
    """Return the message of a delivery whose content is kept; a webhook goes where its endpoint is now."""
    title, body = delivery.heading, delivery.text
    return Outgoing(
        address=delivery.endpoint.url if delivery.endpoint else delivery.address,
        title=title,
        body=body,
        html=page_of(title, body, language=delivery.language or "en") if delivery.channel == EMAIL else "",
        message_id=delivery.message_id,
        secret=secret_of(delivery),
    )


def _claim(delivery: Delivery) -> bool:
    """Claim it as it was read: after another process's attempt in between, what is known of it here is stale."""
    run = active_run()
    as_read = Delivery.objects.filter(pk=delivery.pk, state=State.PENDING, attempts=delivery.attempts)
    delivery.attempts += 1
    delivery.claimed_at = timezone.now()
    claimed = as_read.update(
        state=State.SENDING,
        attempts=delivery.attempts,
        claimed_at=delivery.claimed_at,
        run_id=run.id if run else None,
    )
    return claimed == 1


def _sent(delivery: Delivery) -> str:
    """Note the receiver's yes, even if the delivery was thought cut off meanwhile: it is the truth."""
    unsettled = Delivery.objects.filter(pk=delivery.pk, state__in=[State.SENDING, State.PENDING, State.UNKNOWN])
    unsettled.update(state=State.SENT, sent_at=timezone.now(), error="")
    return "sent"


def _refused(delivery: Delivery, error: DeliveryError, channel: Channel) -> str:
    log.warning("not delivered", delivery_id=delivery.pk, attempt=delivery.attempts, error=str(error))
    unanswered = delivery.unanswered + int(error.unanswered)
    verdict = verdict_on(
        delivery.attempts,
        unanswered,
        is_permanent=error.permanent,
        is_unanswered=error.unanswered,
        limits=_limits(channel),
    )
    state, outcome = SETTLED[verdict]
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, claimed_at=delivery.claimed_at)
    mine.update(
        state=state,
        error=str(error)[:LONGEST_ERROR],
        unanswered=unanswered,
        next_attempt_at=timezone.now() + wait_before_attempt(delivery.attempts + 1, asked=error.retry_after),
    )
    return outcome


def _settle_cut_off(delivery: Delivery, now: datetime) -> int:
    unanswered = delivery.unanswered + 1
    limits = _limits(CHANNELS[delivery.channel])
    verdict = verdict_on(delivery.attempts, unanswered, is_permanent=False, is_unanswered=True, limits=limits)
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, claimed_at=delivery.claimed_at)
    return mine.update(state=SETTLED[verdict][0], error=CUT_OFF, unanswered=F("unanswered") + 1, next_attempt_at=now)


def _limits(channel: Channel) -> Limits:
    return Limits(attempts=conf().most_attempts, unanswered=channel.most_unanswered)
