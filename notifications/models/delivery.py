"""A delivery: one message on its way through one channel. Only delivering.py and bundling.py change its state.

PENDING -> SENDING -> SENT, FAILED, UNKNOWN, or PENDING again after a passing error; or PENDING -> BUNDLED. SENDING is
committed before anything goes out, so that a process that died in between is seen.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.conf import sender_domain
from notifications.models.signal import Signal
from notifications.models.webhook_endpoint import WebhookEndpoint

MESSAGE_ID_PREFIX = "<daybook.delivery."


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """The questions asked of deliveries."""

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Filter to deliveries that may be tried at `now`."""
        return self.filter(state=Delivery.State.PENDING, is_carried=False, next_attempt_at__lte=now)

    def cut_off(self, claimed_before: datetime) -> DeliveryQuerySet:
        """Filter to deliveries that were being sent when their process ended."""
        return self.filter(state=Delivery.State.SENDING, is_carried=False, claimed_at__lt=claimed_before)

    def of(self, user_id: int) -> DeliveryQuerySet:
        """Filter to deliveries to a user."""
        return self.filter(Q(user=user_id) | Q(user=None, signal__user=user_id))

    def to_nobody_here(self) -> DeliveryQuerySet:
        """Filter to deliveries whose receiver is no user: an address, an operator's URL; webhooks go apart."""
        return self.filter(user=None, signal=None, endpoint=None)

    def taking_room(self, *, since: datetime) -> DeliveryQuerySet:
        """Filter to deliveries that went out, or may have, since then, and to those begun that will."""
        has_begun = Q(state__in=[Delivery.State.PENDING, Delivery.State.SENDING], attempts__gt=0)
        may_have = Q(state=Delivery.State.UNKNOWN, claimed_at__gte=since)
        return self.filter(Q(state=Delivery.State.SENT, sent_at__gte=since) | may_have | has_begun)


class Delivery(models.Model):
    """One message through one channel: of a signal, or with a content of its own."""

    class State(models.TextChoices):
        """How far it is."""

        PENDING = "pending", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"
        UNKNOWN = "unknown", "uncertain"
        BUNDLED = "bundled", "in a digest"

    signal = models.ForeignKey(Signal, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_index=False,
        help_text="Receiver, where there is no signal that says so.",
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.CharField(max_length=30)
    address = models.CharField(max_length=320, help_text="Where to, as it may be shown.")
    target = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Which secret address is meant, by digest."
    )
    key = models.CharField(max_length=255, unique=True, help_text="At most one delivery per key is made.")
    title = models.CharField(max_length=200, blank=True, default="", db_default="", help_text="Empty: the signal's.")
    body = models.TextField(blank=True, default="", db_default="")
    language = models.CharField(max_length=2, blank=True, default="", db_default="", help_text="Of the text.")
    is_carried = models.BooleanField(
        default=False, db_default=False, help_text="A run holds the content and sends it; it is not kept here."
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    bundled_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="bundle")
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
            models.Index(fields=["user", "-id"], name="delivery_by_user", condition=models.Q(user__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}: {self.state}"

    @property
    def heading(self) -> str:
        """Its title, or its signal's."""
        return self.title or (self.signal.title if self.signal else "")

    @property
    def text(self) -> str:
        """Its text, or its signal's."""
        return self.body or (self.signal.body if self.signal and not self.title else "")

    @property
    def message_id(self) -> str:
        """A Message-ID that is the same for every attempt, so that a receiver can recognise a second copy."""
        digest = hashlib.sha256(self.key.encode()).hexdigest()[:32]
        return f"{MESSAGE_ID_PREFIX}{digest}@{sender_domain()}>"
