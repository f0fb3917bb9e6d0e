"""Sends what a run carries itself, since it must not be kept: one delivery per key, the engine's retries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from jobs import PermanentError, TransientError
from notifications.channels import EMAIL
from notifications.channels.errors import UnavailableError
from notifications.channels.protocol import Outgoing
from notifications.composing import Notice
from notifications.composing.page import page_of
from notifications.delivering import CUT_OFF, attempt
from notifications.models import Delivery

State = Delivery.State
ANEW: dict[str, dict[str, Any]] = {
    State.SENDING: {"state": State.PENDING, "unanswered": F("unanswered") + 1, "error": CUT_OFF},
    State.FAILED: {"state": State.PENDING, "attempts": 0, "error": ""},
}
"""A process that ended in the middle left no answer; a run that ended with a lasting refusal comes back by a replay."""


def carry(
    *,
    key: str,
    address: str,
    compose: Callable[[], Notice],
    title: str,
    language: str = "en",
    most_copies: int = 1,
) -> str:
    """Send one mail, at most once per key where the server's answer was seen, and return its delivery's state.

    Of its text nothing is kept but `title`. Up to `most_copies` attempts may end without an answer; then it is
    uncertain and not sent again. Raises: TransientError when another try may help, PermanentError when none does.
    """
    delivery = _row(key, address, title)
    _take_up(delivery)
    if delivery.state != State.PENDING:
        return delivery.state
    if delivery.unanswered >= most_copies:
        return _give_up(delivery)
    notice = compose()
    message = Outgoing(
        address=address,
        title=notice.title,
        body=notice.body,
        html=page_of(*notice, language=language),
        message_id=delivery.message_id,
    )
    try:
        attempt(delivery, message)
    except UnavailableError as error:
        raise TransientError(str(error)) from error
    delivery.refresh_from_db()
    if delivery.state == State.FAILED:
        raise PermanentError(delivery.error)
    if delivery.state != State.PENDING:
        return delivery.state
    if delivery.unanswered >= most_copies:
        return _give_up(delivery)
    raise TransientError(delivery.error)


def _take_up(delivery: Delivery) -> None:
    """Let the delivery wait again; the engine starts a run anew only when the attempt before has ended."""
    if anew := ANEW.get(delivery.state):
        Delivery.objects.filter(pk=delivery.pk, state=delivery.state, claimed_at=delivery.claimed_at).update(**anew)
        delivery.refresh_from_db()


def _give_up(delivery: Delivery) -> str:
    Delivery.objects.filter(pk=delivery.pk, state=State.PENDING).update(state=State.UNKNOWN)
    return State.UNKNOWN


def _row(key: str, address: str, title: str) -> Delivery:
    columns = {"channel": EMAIL, "address": address, "title": title, "is_carried": True}
    try:
        with transaction.atomic():
            return Delivery.objects.create(key=key, next_attempt_at=timezone.now(), **columns)
    except IntegrityError:
        return Delivery.objects.get(key=key)
