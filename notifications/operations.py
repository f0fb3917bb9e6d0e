"""What a person may ask of notifications; the admin calls these."""

from __future__ import annotations

from django.utils import timezone

from notifications.models import Delivery
from notifications.models.delivery import DeliveryQuerySet


def send_again(deliveries: DeliveryQuerySet) -> int:
    """Let deliveries that failed or whose end is uncertain be tried anew, under the same Message-ID; returns how many.

    What a run carried can't be: its content is not kept; replay the run.
    """
    ended = deliveries.filter(state__in=[Delivery.State.FAILED, Delivery.State.UNKNOWN], is_carried=False)
    return ended.update(
        state=Delivery.State.PENDING, attempts=0, unanswered=0, error="", next_attempt_at=timezone.now()
    )
