"""Each user's authenticator with its recovery codes: enrolled, checked, reset."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.contrib.auth.models import User
from django.db import transaction

from jobs import audit
from project.models import Authenticator

_ISSUER = "Daybook"


def authenticator(user: User) -> Authenticator | None:
    """Return the user's authenticator; None before it is enrolled."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


def new_authenticator(user: User) -> Authenticator:
    """Return the authenticator that the user is about to enrol: the same one until a code of it was given."""
    device: Authenticator
    device, _ = Authenticator.objects.get_or_create(user=user, defaults={"name": "app", "confirmed": False})
    return device


def key_of(device: Authenticator) -> str:
    """Return its key as a person types it into an app, in groups of four."""
    text = device.secret
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def link_of(device: Authenticator) -> str:
    """Return its key as apps read it, by link or from a QR code: the Key URI Format that they have in common."""
    label = quote(f"{_ISSUER}:{device.user.get_username()}")
    return f"otpauth://totp/{label}?{urlencode({'secret': device.secret, 'issuer': _ISSUER}, quote_via=quote)}"


def enrol(user: User, code: str) -> list[str]:
    """Confirm the new authenticator by its first code; returns the recovery codes, empty when the code is wrong."""
    with transaction.atomic():
        device = Authenticator.objects.select_for_update().get(pk=new_authenticator(user).pk)
        given = _plain(code)
        if not given.isdecimal() or not device.verify_token(given):
            return []
        codes: list[str] = device.renew_recovery_codes()
        device.confirmed = True
        device.save(update_fields=["confirmed", "recovery_codes"])
        audit.note("enrol second factor", user)
    return codes


def matching(user: User, code: str) -> Authenticator | None:
    """Return the user's authenticator that the code is of; a code is good once, a wrong one makes the next wait."""
    with transaction.atomic():
        device = Authenticator.objects.select_for_update().filter(user=user, confirmed=True).first()
        return device if device is not None and device.verify_token(_plain(code)) else None


def reset(user: User) -> bool:
    """Forget the user's authenticator and recovery codes, so that the next login enrols anew; False: there was none."""
    with transaction.atomic():
        gone, _ = Authenticator.objects.filter(user=user).delete()
        if gone:
            audit.note("reset second factor", user)
    return bool(gone)


def _plain(code: str) -> str:
    return "".join(code.split()).lower()
