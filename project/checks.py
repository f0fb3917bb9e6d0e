"""Start-up checks: production refuses defaults for secrets and an open broker, and says which."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, register

from project.environment import INSECURE_KEY, Environment


@register
def unsafe_defaults(**_: Any) -> list[CheckMessage]:
    """Report what production may not run with; silent in development."""
    return [Error(text, id=f"daybook.E00{n}") for n, text in unsafe(Environment())]


def unsafe(environment: Environment) -> list[tuple[int, str]]:
    """Return (number, message) of every unsafe default; empty in DEBUG mode."""
    if environment.debug:
        return []
    found = []
    if environment.secret_key == INSECURE_KEY or len(environment.secret_key) < 32:
        found.append((1, "SECRET_KEY is the default or shorter than 32 characters: set a random one."))
    if not environment.field_encryption_keys:
        found.append((2, "FIELD_ENCRYPTION_KEYS is empty: set at least one Fernet key."))
    if _is_open(environment.broker()):
        found.append((3, "BROKER_URL names a host beyond this machine without a password."))
    if "*" in environment.allowed_hosts:
        found.append((4, "ALLOWED_HOSTS allows every host: name the hosts."))
    return found


def _is_open(broker_url: str) -> bool:
    return any(not urlsplit(url).password and not _is_local(url) for url in broker_url.split(";"))


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    if "socket" in parts.scheme or not parts.hostname or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False
