"""Sends what is due to one user at the pace they chose: not in quiet hours, not over the cap, a digest for a flood."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from notifications.composing import digest_of
from notifications.delivering import deliver
from notifications.models import Delivery, Preference, Signal
from notifications.models.delivery import DeliveryQuerySet
from notifications.pacing import pace, quiet_until, start_of_day, tomorrow

State = Delivery.State
AT_ONCE = [Signal.Kind.DAILY_BRIEFING, Signal.Kind.MEETING_PREP]
"""What is worth nothing later: never bundled nor held back by the cap, only by quiet hours."""


def deliver_due(user: AbstractBaseUser, *, now: datetime, unavailable: set[str]) -> Counter[str]:
    """Try every due delivery of `user` that may go out now and return counts; the others wait or are bundled.

    What was tried before goes on whatever the pace: it may be half-way there.
    """
    counts: Counter[str] = Counter()
    preference = Preference.of(user)
    due = Delivery.objects.due(now).of(user.pk)
    begun = due.filter(attempts__gt=0)
    ends = quiet_until(now, start=preference.quiet_from, end=preference.quiet_until, zone=preference.zone)
    if ends is not None:
        return Counter(held=due.update(next_attempt_at=ends))
    counts.update(deliver(begun, unavailable=unavailable))
    fresh = due.filter(attempts=0)
    for channel, target in fresh.order_by("channel", "target").values_list("channel", "target").distinct():
        lane = Delivery.objects.of(user.pk).filter(channel=channel, target=target)
        if channel in unavailable:
            counts["waiting"] += lane.due(now).count()
        else:
            counts.update(_at_pace(lane, user, preference, now))
            counts.update(deliver(lane.due(now).filter(attempts=0), unavailable=unavailable))
    return counts


def _at_pace(lane: DeliveryQuerySet, user: AbstractBaseUser, preference: Preference, now: datetime) -> Counter[str]:
    fresh = lane.due(now).filter(attempts=0)
    digests = fresh.filter(bundle__isnull=False).distinct().count()
    patient = fresh.filter(bundle=None).exclude(signal__kind__in=AT_ONCE)
    waiting = list(patient.order_by("pk").values_list("pk", flat=True))
    plan = pace(
        len(waiting),
        sent_today=digests + lane.taking_room(since=start_of_day(now, preference.zone)).count(),
        daily_cap=preference.daily_cap,
        digest_from=preference.digest_from,
    )
    bundled = waiting[plan.alone : plan.alone + plan.bundled]
    held = waiting[len(waiting) - plan.held :]
    if held:
        Delivery.objects.filter(pk__in=held, state=State.PENDING).update(next_attempt_at=tomorrow(now, preference.zone))
    return Counter(held=len(held), bundled=_bundle(bundled, user, preference, now) if bundled else 0)


def _bundle(ids: list[int], user: AbstractBaseUser, preference: Preference, now: datetime) -> int:
    """Put these deliveries into one digest, in one transaction; those that another process took stay out of it."""
    with transaction.atomic():
        first = Delivery.objects.get(pk=ids[0])
        digest = Delivery.objects.create(
            user_id=user.pk,
            channel=first.channel,
            address=first.address,
            target=first.target,
            language=preference.language,
            key=f"digest:{first.key}"[:255],
            next_attempt_at=now,
        )
        fresh = Delivery.objects.filter(pk__in=ids, state=State.PENDING, attempts=0)
        bundled = fresh.update(state=State.BUNDLED, bundled_into=digest)
        if not bundled:
            digest.delete()
            return 0
        inside = list(digest.bundle.select_related("signal").order_by("pk"))
        digest.title, digest.body = digest_of(inside, user=user, preference=preference)
        digest.save(update_fields=["title", "body"])
    return bundled
