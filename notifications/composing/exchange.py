"""What is written about gift exchanges: to participants, who are no users, and to the organiser."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser

from notifications.composing.wording import Notice, addressed, one_line, weekday_of, written
from notifications.models import Exchange, Participant, Preference


def reminder_of(exchange: Exchange, participant: Participant, *, days: int) -> Notice:
    """Return the reminder that so many days are left; it never says who gives to whom."""
    return written(
        "exchange_reminder", participant.language or exchange.language, {**_facts(exchange, participant), "days": days}
    )


def link_of(exchange: Exchange, participant: Participant, *, link: str) -> Notice:
    """Return the mail with the link that shows whom the participant gives to."""
    return written(
        "exchange_link", participant.language or exchange.language, {**_facts(exchange, participant), "link": link}
    )


def purge_warning_of(
    exchange: Exchange, *, purged_on: datetime, user: AbstractBaseUser, preference: Preference
) -> Notice:
    """Return what the organiser is told before the purge."""
    facts = {
        **addressed(user, preference),
        "exchange": one_line(exchange.name),
        "day": weekday_of(purged_on.astimezone(preference.zone).date(), preference.language),
        "people": exchange.participants.count(),
    }
    return written("exchange_purge", preference.language, facts)


def _facts(exchange: Exchange, participant: Participant) -> dict[str, object]:
    language = participant.language or exchange.language
    return {
        "name": one_line(participant.name),
        "exchange": one_line(exchange.name),
        "day": weekday_of(exchange.day, language),
        "budget": one_line(exchange.budget),
    }
