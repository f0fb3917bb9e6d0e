"""Tells the organiser of an exchange that it will be purged."""

from __future__ import annotations

from datetime import datetime

from notifications.composing.exchange import purge_warning_of
from notifications.exchanges.calendar import PURGE_AFTER
from notifications.models import Exchange, Preference, Signal
from notifications.telling import tell


def warn_organiser(exchange: Exchange, *, now: datetime) -> None:
    """Tell the organiser, if there is one, when it goes."""
    if exchange.organiser is None or exchange.completed_at is None:
        return
    preference = Preference.of(exchange.organiser)
    notice = purge_warning_of(
        exchange, purged_on=exchange.completed_at + PURGE_AFTER, user=exchange.organiser, preference=preference
    )
    key = f"exchange-purge:{exchange.pk}"
    tell(exchange.organiser, notice, preference=preference, kind=Signal.Kind.EXCHANGE, key=key, now=now)
