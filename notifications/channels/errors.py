"""Why a message did not go out; each error says whether another try may help and whether it may have gone out."""

from __future__ import annotations

from jobs.errors import DaybookError


class DeliveryError(DaybookError):
    """The receiver refused this message for now: another try may do better."""

    permanent = False
    unanswered = False
    retry_after: int | None = None
    """Seconds the receiver asked us to wait."""


class RefusedForGoodError(DeliveryError):
    """The receiver will never take this message: the address is wrong, or the content."""

    permanent = True


class UnansweredError(DeliveryError):
    """The line broke after the message was on its way: nobody knows whether it arrived."""

    unanswered = True


class UnavailableError(DeliveryError):
    """The channel itself can't be reached: no message can go out through it now."""
