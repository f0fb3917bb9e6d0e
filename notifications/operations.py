"""What a person may ask of notifications; the admin calls these."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from jobs import audit
from notifications.channels import WEBHOOK
from notifications.models import Delivery, RunWish
from notifications.models.delivery import DeliveryQuerySet
from notifications.threema.registering import start_registration


def send_again(deliveries: DeliveryQuerySet) -> int:
    """Let deliveries that failed or whose end is uncertain be tried anew, under the same Message-ID; returns how many.

    Webhooks that were taken, too: their receiver tells copies by their id. What a run carried can't be, since its
    content is not kept: replay the run.
    """
    has_ended = Q(state__in=[Delivery.State.FAILED, Delivery.State.UNKNOWN]) | Q(
        state=Delivery.State.SENT, channel=WEBHOOK
    )
    ended = deliveries.filter(has_ended, is_carried=False)
    fresh = {"state": Delivery.State.PENDING, "attempts": 0, "unanswered": 0, "error": ""}
    with transaction.atomic():
        before = ended.values_list("pk", "state")
        acts: list[tuple[object, Any, Any]] = [
            (f"delivery {pk}", {"state": state}, {"state": Delivery.State.PENDING}) for pk, state in before
        ]
        audit.note_many("send delivery again", acts)
        return ended.update(**fresh, next_attempt_at=timezone.now())


def start_threema(user: AbstractBaseUser) -> str:
    """Return a token; once the user has sent it to our gateway by Threema, they are told there, too."""
    return start_registration(user, now=timezone.now())


def tell_when_ended(run_id: UUID, user: AbstractBaseUser) -> bool:
    """Let the user be told, once, when the run ends; False when they have asked already."""
    return RunWish.objects.get_or_create(run_id=run_id, user_id=user.pk)[1]
