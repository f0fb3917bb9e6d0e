"""Sends what a run carries itself, since it must not be kept: one delivery per key, the engine's retries."""

from __future__ import annotations

from collections.abc import Callable

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
    if delivery.state == State.SENDING:
        _note_silence(delivery)
    if delivery.state == State.FAILED:
        _reopen(delivery)
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


def _note_silence(delivery: Delivery) -> None:
    """Count an attempt whose process ended in the middle; the engine starts a run again only when it has."""
    told = {"state": State.PENDING, "unanswered": F("unanswered") + 1, "error": CUT_OFF}
    Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, claimed_at=delivery.claimed_at).update(**told)
    delivery.refresh_from_db()


def _reopen(delivery: Delivery) -> None:
    """Let what was refused for good be tried anew: its run ended with that, so that only a replay comes here."""
    Delivery.objects.filter(pk=delivery.pk, state=State.FAILED).update(state=State.PENDING, attempts=0, error="")
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
