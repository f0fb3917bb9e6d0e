"""When a sync may ask, and asks again; what a failed one means: a wait, or the end of syncing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from ingestion.models import Account, Calendar, Consent, Notice
from ingestion.providers.errors import AccessRefusedError, ConsentRevokedError
from jobs.errors import Snooze

MOST_LOOKS = 5
WITHDRAWN = "the consent was withdrawn"

log = structlog.get_logger(__name__)


def not_before(retry_at: datetime | None) -> None:
    """Raise Snooze while the provider wants to be left alone."""
    if retry_at and retry_at > timezone.now():
        raise Snooze(retry_at)


def look_until_quiet(place: Account | Calendar, look: Callable[[], None]) -> None:
    """Call `look`, and again while the provider told of a change meanwhile; the fifth time is the last."""
    for _ in range(MOST_LOOKS):
        begun = timezone.now()
        look()
        if not type(place).objects.filter(pk=place.pk, notified_at__gte=begun).exists():
            return


def disable(place: Account | Calendar, error: Exception) -> None:
    """Note the failure; refused credentials make the place inactive and tell its owner once."""
    changes: dict[str, object] = {"last_error": f"{type(error).__name__}: {error}"[:2000]}
    if wait := getattr(error, "retry_after", None):
        changes["retry_at"] = timezone.now() + timedelta(seconds=wait)
    with transaction.atomic():
        if isinstance(error, AccessRefusedError):
            changes |= {"is_active": False, "disabled_reason": _reason(error)}
            _tell(place, error)
        type(place).objects.filter(pk=place.pk).update(**changes)
    log.warning("not synced", place=f"{type(place).__name__} {place.pk}", error=type(error).__name__)


def revive(consent: Consent) -> None:
    """Let go on what the withdrawal of the consent had stopped; what a person switched off stays off."""
    for places in (consent.accounts, consent.calendars):
        stopped = places.filter(is_active=False, disabled_reason=WITHDRAWN)
        stopped.update(is_active=True, disabled_reason="", last_error="", retry_at=None)


def _reason(error: AccessRefusedError) -> str:
    if isinstance(error, ConsentRevokedError):
        return WITHDRAWN
    return "the provider refused the credentials"


def _tell(place: Account | Calendar, error: AccessRefusedError) -> None:
    if not type(place).objects.filter(pk=place.pk, is_active=True).exists():
        return
    kind = Notice.Kind.CONSENT_REVOKED if isinstance(error, ConsentRevokedError) else Notice.Kind.ACCESS_REFUSED
    Notice.objects.create(
        owner_id=place.owner_id,
        kind=kind,
        account=place if isinstance(place, Account) else None,
        key=f"{kind}:{type(place).__name__.lower()}:{place.pk}:{timezone.now().isoformat()}",
        text=f"{place} is no longer synced: {_reason(error)}.",
    )
