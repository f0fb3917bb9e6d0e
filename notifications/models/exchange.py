"""A gift exchange; only exchanges/lifecycle.py changes its state."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from notifications.exchanges.calendar import Dates
from notifications.exchanges.states import ExchangeState
from notifications.models.preference import Preference, check_time_zone


def default_reminder_days() -> list[int]:
    """Return how many days before people are reminded when nothing was chosen."""
    return [7, 3, 1]


def check_reminder_days(days: object) -> None:
    """Refuse what is no list of whole days from 0 to 365."""
    if not isinstance(days, list) or not all(type(each) is int and 0 <= each <= 365 for each in days):
        raise ValidationError("a list of whole days from 0 to 365, such as [7, 3, 1]")


class Exchange(models.Model):
    """One gift exchange; when it is purged its people are gone and this row stays as the record."""

    name = models.CharField(max_length=200)
    organiser = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="exchanges"
    )
    state = models.CharField(
        max_length=9, choices=[(each, each.title()) for each in ExchangeState], default=ExchangeState.DRAFT
    )
    day = models.DateField(help_text="When gifts are exchanged.")
    clock = models.TimeField(default=time(9), help_text="Reminders go out at this time where it is held.")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone], help_text="IANA name.")
    reminder_days = models.JSONField(
        default=default_reminder_days,
        blank=True,
        validators=[check_reminder_days],
        help_text="Days before, such as [7, 3, 1].",
    )
    budget = models.CharField(max_length=50, blank=True, default="", help_text="In words, such as 20 EUR.")
    language = models.CharField(max_length=2, choices=Preference.Language.choices, default=Preference.Language.ENGLISH)
    matched_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True, help_text="When its organiser was told of the purge.")
    purged_at = models.DateTimeField(null=True, blank=True)
    purged_people = models.PositiveIntegerField(default=0, help_text="Participants deleted by the purge.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["state", "day"], name="exchange_by_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Where it is held."""
        return ZoneInfo(self.time_zone)

    @property
    def dates(self) -> Dates:
        """What its reminders depend on."""
        return Dates(state=self.state, day=self.day, clock=self.clock, zone=self.zone, days_before=self.reminder_days)


class ExchangeReminder(models.Model):
    """A reminder that went out: one per exchange and interval, ever."""

    exchange = models.ForeignKey(Exchange, on_delete=models.CASCADE, related_name="reminders")
    days = models.PositiveSmallIntegerField(help_text="Before the exchange.")
    counts = models.JSONField(default=dict, help_text='{"reminded": int, "opted_out": int, "withdrawn": int}.')
    run_id = models.UUIDField(null=True, blank=True)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exchange", "days"], name="exchange_reminder_once")]

    def __str__(self) -> str:
        return f"{self.days} days before"
