"""Where a user or an operator is reached, and the secret part of it, which no delivery keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser

from notifications.channels import APPRISE, EMAIL
from notifications.channels.apprise import masked
from notifications.conf import conf
from notifications.models import Delivery, Preference


@dataclass(frozen=True)
class Place:
    """Somewhere a message can go."""

    channel: str
    address: str
    """As it may be shown."""
    target: str = ""
    """Which secret address is meant, by digest; empty where the address is all there is."""

    @property
    def name(self) -> str:
        """What tells it from the user's other places, for keys."""
        return f"{self.channel}.{self.target}" if self.target else self.channel


def digest(url: str) -> str:
    """Return what stands for a secret URL in a delivery."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def places_of(user: AbstractBaseUser, preference: Preference, *, fallback: str = "") -> Iterator[Place]:
    """Yield the places beside the inbox where the user wants to be told; `fallback` is an address of last resort."""
    for channel in dict.fromkeys(preference.channels):
        if channel == EMAIL:
            if address := preference.address or getattr(user, "email", "") or fallback:
                yield Place(EMAIL, address)
        elif channel == APPRISE:
            yield from (place_of_url(url) for url in dict.fromkeys(preference.apprise_urls or []))


def place_of_url(url: str) -> Place:
    """Return the place that an apprise URL means."""
    return Place(APPRISE, masked(url)[:320] or "an unknown service", digest(url))


def secret_of(delivery: Delivery) -> str:
    """Return the secret address of a delivery; empty when it has none, or its owner has removed it since."""
    if delivery.endpoint is not None:
        return str(delivery.endpoint.secret)
    if delivery.channel != APPRISE:
        return ""
    user_id = delivery.user_id or (delivery.signal.user_id if delivery.signal else None)
    preference = Preference.objects.filter(user_id=user_id).first() if user_id else None
    urls = conf().alert_urls if user_id is None else (preference.apprise_urls or []) if preference else []
    return next((url for url in urls if digest(url) == delivery.target), "")
