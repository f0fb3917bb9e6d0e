"""Takes exchanges through their states; every change of one is made here, locked, and its reminders follow."""

from __future__ import annotations

import random
from datetime import datetime

import structlog
from django.db import transaction

from jobs import audit
from notifications.exchanges.calendar import is_over, is_to_purge, is_to_warn
from notifications.exchanges.inviting import send_links
from notifications.exchanges.matching import ImpossibleError, match
from notifications.exchanges.reminding import plan_reminders
from notifications.exchanges.states import ExchangeState, may_become
from notifications.exchanges.warning import warn_organiser
from notifications.models import Delivery, Exchange, Participant

log = structlog.get_logger(__name__)


class WrongStateError(ValueError):
    """The exchange is not in a state from which this can be done."""


def open_exchange(exchange: Exchange, *, now: datetime) -> None:
    """Let people in; a matched one forgets who gives to whom. Raises: WrongStateError."""
    with transaction.atomic():
        locked = _changed(exchange, ExchangeState.OPEN)
        locked.participants.update(gives_to=None)
        plan_reminders(locked, now=now)


def match_exchange(exchange: Exchange, *, now: datetime, dice: random.Random | None = None) -> None:
    """Decide who gives to whom and send everybody a link to see it.

    Raises: WrongStateError; ImpossibleError saying why no matching exists, nothing is changed then.
    """
    with transaction.atomic():
        locked = _changed(exchange, ExchangeState.MATCHED, matched_at=now)
        people = list(locked.participants.filter(withdrawn_at=None).order_by("pk"))
        excluded = Participant.excluded.through.objects.filter(from_participant__in=people)
        pairs = list(excluded.values_list("from_participant", "to_participant"))
        given = match(
            [person.pk for person in people],
            pairs,
            dice=dice or random.SystemRandom(),
            names={person.pk: person.name for person in people},
        )
        for person in people:
            person.gives_to_id = given[person.pk]
        Participant.objects.bulk_update(people, ["gives_to"])
        send_links(people, matched_at=now)
        plan_reminders(locked, now=now)


def change_exchange(exchange: Exchange, *, now: datetime) -> None:
    """Save what was edited of its dates, zone and intervals, and move its reminders in the same transaction."""
    with transaction.atomic():
        exchange.save()
        plan_reminders(exchange, now=now)


def complete_if_over(exchange: Exchange, *, now: datetime) -> bool:
    """Complete a matched exchange whose day has passed where it is held; False when it isn't over."""
    with transaction.atomic():
        locked = Exchange.objects.select_for_update().get(pk=exchange.pk)
        if locked.state != ExchangeState.MATCHED or not is_over(locked.day, locked.zone, now=now):
            return False
        _changed(locked, ExchangeState.COMPLETED, completed_at=now)
        plan_reminders(locked, now=now)
    log.info("exchange completed", exchange_id=exchange.pk)
    return True


def warn_if_due(exchange: Exchange, *, now: datetime) -> bool:
    """Tell the organiser, once, that a completed exchange will be purged; False when it isn't time."""
    with transaction.atomic():
        locked = Exchange.objects.select_for_update().get(pk=exchange.pk)
        is_due = locked.state == ExchangeState.COMPLETED and locked.completed_at is not None
        if not is_due or not is_to_warn(locked.completed_at, locked.warned_at, now=now):  # type: ignore[arg-type]
            return False
        locked.warned_at = now
        locked.save(update_fields=["warned_at"])
        warn_organiser(locked, now=now)
    return True


def purge_if_due(exchange: Exchange, *, now: datetime) -> bool:
    """Delete the people of an exchange completed 30 days ago, after saying so in the log; False when it isn't time.

    What was written to them goes, too. The exchange's row stays, without its name, as the record.
    """
    with transaction.atomic():
        locked = Exchange.objects.select_for_update().get(pk=exchange.pk)
        if locked.state != ExchangeState.COMPLETED or locked.completed_at is None:
            return False
        if not is_to_purge(locked.completed_at, now=now):
            return False
        people = locked.participants.count()
        log.info("purging exchange", exchange_id=locked.pk, people=people, completed_at=locked.completed_at.isoformat())
        _changed(locked, ExchangeState.PURGED, purged_at=now, purged_people=people, name=f"purged {locked.pk}")
        Delivery.objects.filter(key__startswith=f"exchange:{locked.pk}:").delete()
        locked.participants.all().delete()
    return True


def _changed(exchange: Exchange, target: ExchangeState, **fields: object) -> Exchange:
    locked = Exchange.objects.select_for_update().get(pk=exchange.pk)
    if not may_become(locked.state, target):
        raise WrongStateError(f"{locked} is {locked.state} and can't become {target}")
    audit.note("change exchange", locked, before={"state": locked.state}, after={"state": target})
    for each in (locked, exchange):
        each.state = target
        for name, value in fields.items():
            setattr(each, name, value)
    locked.save(update_fields=["state", *fields])
    return locked


__all__ = [
    "ImpossibleError",
    "WrongStateError",
    "change_exchange",
    "complete_if_over",
    "match_exchange",
    "open_exchange",
    "purge_if_due",
    "warn_if_due",
]
