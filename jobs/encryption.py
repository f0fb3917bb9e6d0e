"""Encryption at rest for credentials and sensitive arguments: JSON in, Fernet token out; keys rotate, newest first."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.conf import conf

if TYPE_CHECKING:
    from cryptography.fernet import Fernet, MultiFernet

# Every Fernet token starts with version 0x80 and the zero bytes of a 64-bit time.
_TOKEN_PREFIX = "gAAAAA"  # noqa: S105


class UndecryptableError(Exception):
    """The value was encrypted with a key that is not configured (any more)."""

    permanent = True


def encrypt(value: Any) -> str:
    """Return the JSON value as a token that only the configured keys open; encrypts with the newest key."""
    return _fernet().encrypt(json.dumps(value, separators=(",", ":")).encode()).decode()


def decrypt(token: str) -> Any:
    """Return the JSON value in the token.

    Raises:
        UndecryptableError: no configured key fits, or the token was altered.
    """
    from cryptography.fernet import InvalidToken

    try:
        return json.loads(_fernet().decrypt(token.encode()))
    except InvalidToken:
        message = "The value can't be decrypted: its key is missing from FIELD_ENCRYPTION_KEYS, or it was altered."
        raise UndecryptableError(message) from None


def is_of_newest_key(token: str) -> bool:
    """Whether the newest key opens it."""
    from cryptography.fernet import InvalidToken

    try:
        _fernets()[0].decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def _fernet() -> MultiFernet:
    from cryptography.fernet import MultiFernet

    return MultiFernet(_fernets())


def _fernets() -> list[Fernet]:
    from cryptography.fernet import Fernet

    current = conf()
    keys = list(current.encryption_keys)
    if not keys and current.development_secret:
        digest = hashlib.sha256(b"field-encryption:" + current.development_secret.encode()).digest()
        keys = [base64.urlsafe_b64encode(digest).decode()]
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty: set at least one Fernet key.")
    try:
        return [Fernet(key) for key in keys]
    except ValueError:
        # `from None`: the cause would quote the key in the traceback.
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS holds something that is not a Fernet key.") from None


if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class EncryptedJSONField(_TextField):
    """A JSON value that is only ever a token in the database; it can't be searched."""

    description = "Encrypted JSON"
    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> str | None:
        """Return the token to store; NULL stays NULL."""
        return None if value is None else encrypt(value)

    def from_db_value(self, value: str | None, expression: object, connection: BaseDatabaseWrapper) -> Any:
        """Return the decrypted value."""
        return None if value is None else decrypt(value)

    def to_python(self, value: Any) -> Any:
        """Return the value as it is, or what a token from dumpdata holds."""
        return decrypt(value) if isinstance(value, str) and value.startswith(_TOKEN_PREFIX) else value

    def value_to_string(self, obj: models.Model) -> str:
        """Return the token, so that dumpdata never holds clear text."""
        return self.get_prep_value(self.value_from_object(obj)) or ""
