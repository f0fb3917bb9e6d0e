"""Reads the notices of each provider: which mailbox or calendar changed, and who may say so."""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import b64decode
from typing import Any

import structlog
from django.utils import timezone

from ingestion.models import Account, Subscription
from ingestion.push.receiving import note_changes
from jobs import operations as engine
from jobs.models.run import Cause

RENEWAL = "renew_subscription"
MOST_AT_ONCE = 1000

log = structlog.get_logger(__name__)


class BadNoticeError(ValueError):
    """The notice has not the provider's form."""


def take_gmail_notice(body: Any) -> int:
    """Sync the Gmail accounts of the address that a Pub/Sub push names; returns how many syncs are new.

    The caller has verified who sent it. `body` is {"message": {"data": base64 of {"emailAddress", "historyId"}}}.

    Raises: BadNoticeError.
    """
    try:
        told = json.loads(b64decode(body["message"]["data"], validate=True))
        address = str(told["emailAddress"]).lower()
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise BadNoticeError("no notice of Gmail") from None
    accounts = list(
        Account.objects.active()
        .filter(provider=Account.Provider.GMAIL, consent__address=address)
        .select_related("owner")
    )
    Subscription.objects.filter(account__in=accounts).update(notified_at=timezone.now())
    if not accounts:
        log.info("notice for nobody", provider="gmail")
    return note_changes(accounts)


def take_graph_notices(body: Any) -> int:
    """Sync what the notices of Microsoft Graph name by the secret that each carries; returns how many syncs are new.

    One without a secret of ours is passed over. `body` is {"value": [{"clientState", "lifecycleEvent" or none}]}.

    Raises: BadNoticeError.
    """
    if not isinstance(body, dict) or not isinstance(body.get("value"), list) or len(body["value"]) > MOST_AT_ONCE:
        raise BadNoticeError("no notices of Microsoft Graph")
    notices = [each for each in body["value"] if isinstance(each, dict)]
    digests: dict[str, set[str]] = {}
    for each in notices:
        events = digests.setdefault(state_digest(str(each.get("clientState", ""))), set())
        events.add(str(each.get("lifecycleEvent") or ""))
    known = list(
        Subscription.objects.filter(state_digest__in=digests).select_related("account__owner", "calendar__owner")
    )
    if len(known) < len(digests) or len(notices) < len(body["value"]):
        log.warning("notices passed over", provider="graph", notices=len(body["value"]), known=len(known))
    Subscription.objects.filter(pk__in=[one.pk for one in known]).update(notified_at=timezone.now())
    for subscription in known:
        _take_lifecycle_events(subscription, digests[str(subscription.state_digest)] - {"", "missed"})
    return note_changes(subscription.place for subscription in known)


def state_digest(secret: str) -> str:
    """Return what is kept of a subscription's secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _take_lifecycle_events(subscription: Subscription, events: set[str]) -> None:
    """Renew at once what Graph is about to end or has ended; the sync that follows makes up for what was missed."""
    if not events or not subscription.place.is_active:
        return
    if "subscriptionRemoved" in events:
        Subscription.objects.filter(pk=subscription.pk).update(provider_key="", expires_at=None)
    engine.enqueue(
        RENEWAL,
        {"subscription_id": subscription.pk, "even_if_good": True},
        cause=Cause.API,
        owner=subscription.owner,
        unique_key=f"push:renewal:{subscription.pk}",
    )
