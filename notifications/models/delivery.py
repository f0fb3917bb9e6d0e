"""A delivery: one signal on its way through one channel. Only delivering.py changes its state.

PENDING -> SENDING -> SENT, FAILED, or PENDING again after a passing error. SENDING is committed before anything goes
out, so that a process that died in between is seen.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import models

from notifications.conf import sender_domain
from notifications.models.signal import Signal

MESSAGE_ID_PREFIX = "<daybook.delivery."


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """The questions asked of deliveries."""

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Filter to deliveries that may be tried at `now`."""
        return self.filter(state=Delivery.State.PENDING, next_attempt_at__lte=now)

    def cut_off(self, claimed_before: datetime) -> DeliveryQuerySet:
        """Filter to deliveries that were being sent when their process ended."""
        return self.filter(state=Delivery.State.SENDING, claimed_at__lt=claimed_before)


class Delivery(models.Model):
    """One signal through one channel."""

    class State(models.TextChoices):
        """How far it is."""

        PENDING = "pending", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=30)
    address = models.CharField(max_length=320, help_text="Where to, as the channel understands it.")
    key = models.CharField(max_length=255, unique=True, help_text="At most one delivery per key is made.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    unanswered = models.PositiveIntegerField(
        default=0, help_text="Attempts that ended without the receiver's answer: it may have gone out then."
    )
    error = models.CharField(max_length=500, blank=True, default="", help_text="Of the latest attempt.")
    next_attempt_at = models.DateTimeField(help_text="Not before this time.")
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When the latest attempt began to send.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the receiver accepted it.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run of the latest attempt.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_unfinished",
                condition=models.Q(state__in=["pending", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}: {self.state}"

    @property
    def message_id(self) -> str:
        """A Message-ID that is the same for every attempt, so that a receiver can recognise a second copy."""
        digest = hashlib.sha256(self.key.encode()).hexdigest()[:32]
        return f"{MESSAGE_ID_PREFIX}{digest}@{sender_domain()}>"
