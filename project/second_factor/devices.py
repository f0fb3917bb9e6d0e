"""Each user's authenticator and recovery codes: enrolled, checked, reset; wrong codes slow down by themselves."""

from __future__ import annotations

from base64 import b32encode

from django.contrib.auth.models import User
from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from jobs import audit

RECOVERY_CODES = 10


def authenticator(user: User) -> TOTPDevice | None:
    """Return the user's authenticator; None before it is enrolled."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return found


def new_authenticator(user: User) -> TOTPDevice:
    """Return the authenticator that the user is about to enrol: the same one until a code of it was given."""
    device: TOTPDevice = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})[0]
    return device


def key_of(device: TOTPDevice) -> str:
    """Return its key as authenticator apps take it, in groups of four."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def enrol(user: User, code: str) -> list[str]:
    """Confirm the new authenticator by its first code; returns the recovery codes, empty when the code is wrong."""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=new_authenticator(user).pk)
        if not device.verify_token(_plain(code)):
            return []
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        StaticDevice.objects.filter(user=user).delete()
        kept = StaticDevice.objects.create(user=user, name="recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=kept, token=each) for each in codes)
        audit.note("enrol second factor", user)
    return codes


def matching(user: User, code: str) -> Device | None:
    """Return the user's device that the code is of; a code is good once, a wrong one makes the next wait longer."""
    given = _plain(code)
    kind = TOTPDevice if given.isdigit() else StaticDevice
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
        return device if device is not None and device.verify_token(given) else None


def reset(user: User) -> bool:
    """Forget the user's authenticator and recovery codes, so that the next login enrols anew; False: there was none."""
    with transaction.atomic():
        gone = sum(kind.objects.filter(user=user).delete()[0] for kind in (TOTPDevice, StaticDevice))
        if gone:
            audit.note("reset second factor", user)
    return bool(gone)


def _plain(code: str) -> str:
    return "".join(code.split()).lower()
