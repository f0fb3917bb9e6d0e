"""Signed webhooks to URLs that people typed in; a receiver tells a second copy by its webhook-id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from notifications.channels.errors import DeliveryError, RefusedForGoodError
from notifications.channels.protocol import Outgoing
from notifications.channels.signing import headers
from notifications.conf import conf
from notifications.outside.post import Response, post

SECONDS = re.compile(r"[0-9]{1,100}")
MESSAGE_ID = re.compile(r"[^A-Za-z0-9_.-]")
GONE = 410


class WebhookChannel:
    """JSON in `body`, the signing secret in `secret`, the URL in `address`."""

    most_unanswered = 1000
    """As often as any other failure: webhook-id lets the receiver drop copies."""

    @contextmanager
    def opened(self) -> Iterator[WebhookLine]:
        """Return a line; each receiver is reached when something is sent."""
        yield WebhookLine()


class WebhookLine:
    """Sends to any public URL."""

    def send(self, message: Outgoing) -> None:
        """Send one webhook; anything but a 2xx is a failure (Standard Webhooks), 410 Gone is one for good."""
        body = message.body.encode()
        message_id = MESSAGE_ID.sub("", message.message_id.partition("@")[0])
        try:
            signed = headers(message.secret, message_id=message_id, at=timezone.now(), body=body)
        except ValueError as error:
            raise RefusedForGoodError("the signing secret is malformed") from error
        common = {"Content-Type": "application/json", "User-Agent": "Daybook"}
        answer = post(
            message.address,
            body,
            headers={**common, **signed, **message.headers},
            timeout_seconds=conf().webhook_timeout_seconds,
        )
        if not 200 <= answer.status <= 299:
            raise _refused(answer)


def _refused(answer: Response) -> DeliveryError:
    if answer.status == GONE:
        return RefusedForGoodError("410 the receiver is gone")
    hint = "a redirect is not followed" if 300 <= answer.status <= 399 else answer.text[:200].strip()
    error = DeliveryError(f"{answer.status} {hint}".strip())
    if SECONDS.fullmatch(answer.retry_after):
        error.retry_after = int(answer.retry_after)
    return error
