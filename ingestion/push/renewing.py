"""Keeps the subscriptions to notices alive: makes what is missing, prolongs what ends soon."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from django.db.models import Q, QuerySet
from django.utils import timezone

from ingestion.conf import conf
from ingestion.models import Account, Calendar, Subscription
from ingestion.oauth import ConsentAuthorization
from ingestion.providers.errors import ConsentRevokedError
from ingestion.push.asking import Promise, prolong_graph, subscribe_graph, watch_gmail
from ingestion.push.notices import state_digest
from ingestion.push.receiving import note_changes

# Four of the renewing job's runs may fail before a promise ends.
EARLY = timedelta(days=1)


def places_without() -> list[Account | Calendar]:
    """Return the active mailboxes and calendars whose providers could send notices and were never asked to."""
    accounts = Account.objects.active().filter(subscription=None, consent__tokens__isnull=False)
    wanted: list[str] = []
    if conf().google_push_topic:
        wanted.append(Account.Provider.GMAIL)
    if conf().push_url:
        wanted.append(Account.Provider.GRAPH)
    calendars = Calendar.objects.active().filter(
        subscription=None, consent__tokens__isnull=False, provider=Calendar.Provider.GRAPH, is_archive=False
    )
    return [*accounts.filter(provider__in=wanted), *(calendars if conf().push_url else [])]


def ending_soon(now: datetime) -> QuerySet[Subscription]:
    """Filter to what has to be made or prolonged."""
    is_active = Q(account__is_active=True) | Q(calendar__is_active=True)
    return Subscription.objects.filter(is_active, Q(expires_at=None) | Q(expires_at__lt=now + EARLY)).order_by("pk")


def subscription_to(place: Account | Calendar) -> Subscription:
    """Return the place's subscription, not asked for yet when it is new."""
    which = {"account": place} if isinstance(place, Account) else {"calendar": place}
    subscription, _ = Subscription.objects.get_or_create(**which, defaults={"owner_id": place.owner_id})
    return subscription


def renew(subscription: Subscription) -> datetime:
    """Make or prolong the subscription and return when it ends; a new one syncs its place, for what came before it.

    Raises: ProviderError, kept in last_error.
    """
    now = timezone.now()
    try:
        promise = _renewed(subscription, now)
    except Exception as error:
        Subscription.objects.filter(pk=subscription.pk).update(last_error=f"{type(error).__name__}: {error}"[:2000])
        raise
    is_new = subscription.expires_at is None or subscription.provider_key != promise.key
    Subscription.objects.filter(pk=subscription.pk).update(
        provider_key=promise.key, expires_at=promise.expires_at, last_error=""
    )
    if is_new:
        note_changes([subscription.place])
    return promise.expires_at


def _renewed(subscription: Subscription, now: datetime) -> Promise:
    place = subscription.place
    if place.consent_id is None:
        raise ConsentRevokedError(f"{place}: there is no consent")
    authorization = ConsentAuthorization(place.consent_id)
    if isinstance(place, Account) and place.provider == Account.Provider.GMAIL:
        return watch_gmail(place.location, authorization)
    root, _, resource = place.location.partition("/users/")
    if subscription.provider_key:
        promise = prolong_graph(root, authorization, key=subscription.provider_key, now=now)
        if promise:
            return promise
    secret = secrets.token_urlsafe(32)
    # Known before Graph sends its first notice, which may come before its answer.
    Subscription.objects.filter(pk=subscription.pk).update(state_digest=state_digest(secret))
    what = f"users/{unquote(urlsplit(resource).path)}"
    resource = f"{what}/mailFolders('inbox')/messages" if isinstance(place, Account) else _events_of(what)
    return subscribe_graph(root, authorization, resource=resource, secret=secret, now=now)


def _events_of(place: str) -> str:
    """Return the resource of a calendar's events: of users/ADDRESS/calendar, or of one of several calendars."""
    return f"{place.removesuffix('/calendar')}/events" if place.endswith("/calendar") else f"{place}/events"
