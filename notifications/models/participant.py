"""Somebody who takes part in a gift exchange, and the links by which they get in; not a user."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from notifications.models.exchange import Exchange
from notifications.models.preference import Preference

USED_KEPT = timedelta(hours=24)


class Participant(models.Model):
    """One person in one exchange."""

    exchange = models.ForeignKey(Exchange, on_delete=models.CASCADE, related_name="participants", db_index=False)
    name = models.CharField(max_length=100)
    address = models.EmailField(max_length=320)
    language = models.CharField(
        max_length=2, choices=Preference.Language.choices, blank=True, default="", help_text="Empty: the exchange's."
    )
    wants_reminders = models.BooleanField(default=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Empty: takes part.")
    excluded = models.ManyToManyField("self", symmetrical=False, blank=True, help_text="Never gives to these.")
    gives_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="gets_from")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exchange", "address"], name="participant_once")]

    def __str__(self) -> str:
        return self.name


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """The questions asked of tokens."""

    def usable(self, now: datetime) -> AccessTokenQuerySet:
        """Filter to tokens that still let somebody in: not expired, not first used over a day ago."""
        return self.filter(Q(used_at=None) | Q(used_at__gt=now - USED_KEPT), expires_at__gt=now)

    def spent(self, now: datetime) -> AccessTokenQuerySet:
        """Filter to tokens that let nobody in any more."""
        return self.filter(Q(used_at__lte=now - USED_KEPT) | Q(expires_at__lte=now))


class AccessToken(models.Model):
    """A magic link; only its digest is kept."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True, help_text="First use.")

    objects = AccessTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"link of {self.participant}"
