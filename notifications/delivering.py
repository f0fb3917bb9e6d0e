"""Takes deliveries through their states: claimed before anything goes out, settled by what the receiver said.

A process that dies between claim and settlement leaves SENDING; after a while the delivery is tried again with the same
Message-ID and counted as unanswered. That is the only way in which somebody may get a message twice.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import F
from django.utils import timezone

from jobs.context import active_run
from notifications.channels import CHANNELS, Channel
from notifications.channels.errors import DeliveryError, UnavailableError
from notifications.channels.protocol import Outgoing
from notifications.conf import conf
from notifications.models import Delivery
from notifications.rules import wait_before_attempt

LONGEST_ERROR = 500
State = Delivery.State

log = structlog.get_logger(__name__)


def reclaim_cut_off(*, now: datetime) -> int:
    """Return to PENDING what was being sent when its process ended, and return how many there were."""
    claimed_before = now - timedelta(minutes=conf().sending_limit_minutes)
    cut_off = Delivery.objects.cut_off(claimed_before)
    spent = cut_off.filter(attempts__gte=conf().most_attempts)
    told = {"error": "the sending process ended without an answer", "unanswered": F("unanswered") + 1}
    return spent.update(state=State.FAILED, **told) + cut_off.update(state=State.PENDING, next_attempt_at=now, **told)


def deliver_due(user: AbstractBaseUser, *, now: datetime, unavailable: set[str]) -> Counter[str]:
    """Try every due delivery of `user` and return counts by outcome.

    A channel found out of reach is added to `unavailable`, and its deliveries wait as they are.
    """
    counts: Counter[str] = Counter()
    due = Delivery.objects.due(now).filter(signal__user_id=user.pk).select_related("signal").order_by("pk")
    for delivery in due:
        if delivery.channel in unavailable:
            counts["waiting"] += 1
            continue
        try:
            counts[_attempt(delivery, CHANNELS[delivery.channel])] += 1
        except UnavailableError as error:
            log.warning("channel unavailable", channel=delivery.channel, error=str(error))
            unavailable.add(delivery.channel)
            counts["waiting"] += 1
    return counts


def _attempt(delivery: Delivery, channel: Channel) -> str:
    with channel.opened() as line:
        if not _claim(delivery):
            return "taken"
        try:
            line.send(_outgoing(delivery))
        except DeliveryError as error:
            return _refused(delivery, error)
        return _sent(delivery)


def _outgoing(delivery: Delivery) -> Outgoing:
    return Outgoing(
        address=delivery.address,
        title=delivery.signal.title,
        body=delivery.signal.body,
        message_id=delivery.message_id,
    )


def _claim(delivery: Delivery) -> bool:
    run = active_run()
    delivery.attempts += 1
    delivery.claimed_at = timezone.now()
    claimed = Delivery.objects.filter(pk=delivery.pk, state=State.PENDING).update(
        state=State.SENDING,
        attempts=delivery.attempts,
        claimed_at=delivery.claimed_at,
        run_id=run.id if run else None,
    )
    return claimed == 1


def _sent(delivery: Delivery) -> str:
    """Note the receiver's yes, even if the delivery was thought cut off meanwhile: it is the truth."""
    unsettled = Delivery.objects.filter(pk=delivery.pk, state__in=[State.SENDING, State.PENDING])
    unsettled.update(state=State.SENT, sent_at=timezone.now(), error="")
    return "sent"


def _refused(delivery: Delivery, error: DeliveryError) -> str:
    is_final = error.permanent or delivery.attempts >= conf().most_attempts
    log.warning("not delivered", delivery_id=delivery.pk, attempt=delivery.attempts, error=str(error))
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, claimed_at=delivery.claimed_at)
    mine.update(
        state=State.FAILED if is_final else State.PENDING,
        error=str(error)[:LONGEST_ERROR],
        unanswered=F("unanswered") + int(error.unanswered),
        next_attempt_at=timezone.now() + wait_before_attempt(delivery.attempts + 1),
    )
    return "failed" if is_final else "retrying"
