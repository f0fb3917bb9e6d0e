"""Sends alerts to ALERT_URLS, with the correlation id and the link to the run, not more than ten an hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from notifications.addressing import Place, place_of_url
from notifications.alerting.pace import AGAIN_AFTER, is_to_tell, turn_of
from notifications.channels import EMAIL
from notifications.composing import Notice
from notifications.conf import conf, run_url
from notifications.models import Alert, Delivery

MAILTO = "mailto:"
HOUR = timedelta(hours=1)
KEY = "alert:"


def tell_operators(*, now: datetime) -> int:
    """Plan a delivery per place for each alert that is news, or one summary of them; returns how many were told."""
    places = alert_places()
    if not places:
        return 0
    with transaction.atomic():
        news = Q(told_at=None) | Q(last_at__gt=F("told_at"), told_at__lte=now - AGAIN_AFTER)
        waiting = [
            alert
            for alert in Alert.objects.select_for_update().filter(news).order_by("first_at", "pk")
            if is_to_tell(told_at=alert.told_at, last_at=alert.last_at, now=now)
        ]
        turn = turn_of(len(waiting), told_last_hour=_told_last_hour(places[0], now))
        if not turn.alone and not turn.summary:
            return 0
        notices = [(_key(waiting[0], now), _summary(waiting))] if turn.summary else []
        notices += [(_key(alert, now), notice_of(alert)) for alert in waiting[: turn.alone]]
        for key, notice in notices:
            _plan(key, notice, places, now)
        Alert.objects.filter(pk__in=[alert.pk for alert in waiting]).update(told_at=now, told_count=F("count"))
    return len(waiting)


def alert_places() -> list[Place]:
    """Return where alerts go: `mailto:` addresses through our own mail, all else through apprise."""
    urls = [url.strip() for url in conf().alert_urls if url.strip()]
    return [
        Place(EMAIL, url.removeprefix(MAILTO)) if url.startswith(MAILTO) else place_of_url(url)
        for url in dict.fromkeys(urls)
    ]


def notice_of(alert: Alert) -> Notice:
    """Return what operators are told: what, how often, since when, and where to look."""
    lines = [alert.text, ""] if alert.text else []
    lines.append(f"Seen: {alert.count} times since {alert.first_at:%Y-%m-%d %H:%M} UTC")
    if alert.correlation_id:
        lines.append(f"Correlation: {alert.correlation_id}")
    if alert.run_id:
        lines.append(f"Run: {run_url(alert.run_id)}")
    return Notice(alert.title, "\n".join(lines))


def _summary(alerts: Sequence[Alert]) -> Notice:
    lines = "\n".join(f"- {alert.title} ({alert.count} times)" for alert in alerts)
    return Notice(f"{len(alerts)} alerts", f"{lines}\n\nAll: {conf().site_url}/admin/notifications/alert/")


def _key(alert: Alert, now: datetime) -> str:
    return f"{KEY}{alert.pk}:{now:%Y%m%dT%H%M%S}"


def _told_last_hour(place: Place, now: datetime) -> int:
    sent = Delivery.objects.filter(user=None, signal=None, key__startswith=KEY, created_at__gt=now - HOUR)
    return sent.filter(channel=place.channel, address=place.address, target=place.target).count()


def _plan(key: str, notice: Notice, places: Sequence[Place], now: datetime) -> None:
    Delivery.objects.bulk_create(
        [
            Delivery(
                channel=place.channel,
                address=place.address,
                target=place.target,
                title=notice.title[:200],
                body=notice.body,
                language="en",
                key=f"{key}:{place.name}:{place.address}"[:255],
                next_attempt_at=now,
            )
            for place in places
        ],
        ignore_conflicts=True,
    )
