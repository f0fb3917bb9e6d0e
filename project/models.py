"""The project's own rows: each user's authenticator, its key and recovery codes encrypted."""

from __future__ import annotations

import hmac
import time
from base64 import b32encode
from secrets import token_bytes
from typing import Any

from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP
from django_otp.util import random_hex

from jobs.encryption import EncryptedJSONField

STEP_SECONDS, DIGITS, TOLERATED_STEPS = 30, 6, 1
RECOVERY_CODES = 10


class Authenticator(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """An authenticator app (TOTP, RFC 6238) and codes for when it is not at hand; wrong ones slow down the next."""

    key = EncryptedJSONField(default=random_hex, help_text="What it shares with the app, in hexadecimal; encrypted.")
    recovery_codes = EncryptedJSONField(default=list, help_text="Those not yet used; encrypted.")
    drift = models.SmallIntegerField(default=0, help_text="Steps by which the app's clock is known to differ.")
    last_t = models.BigIntegerField(default=-1, help_text="Step of the last code that was right: no earlier one is.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_authenticator_per_user")]

    @property
    def secret(self) -> str:
        """Return the key as authenticator apps take it, in base 32."""
        return b32encode(bytes.fromhex(self.key)).decode()

    def renew_recovery_codes(self) -> list[str]:
        """Put new recovery codes in place of the old, and return them; the caller saves."""
        self.recovery_codes = [b32encode(token_bytes(5)).decode().lower() for _ in range(RECOVERY_CODES)]
        return list(self.recovery_codes)

    def verify_token(self, token: str) -> bool:
        """Say whether the code is right, and spend it: an app's code and a recovery code are good once."""
        is_allowed, _ = self.verify_is_allowed()
        if not is_allowed:
            return False
        if not (self._spends_step(token) if token.isdecimal() else self._spends_recovery_code(token)):
            self.throttle_increment()
            return False
        self.throttle_reset(commit=False)
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> int:
        """Return the wait after the first wrong code, in seconds; each further one doubles it."""
        return 1

    def _spends_step(self, token: str) -> bool:
        clock: Any = TOTP(bytes.fromhex(self.key), STEP_SECONDS, digits=DIGITS, drift=self.drift)
        clock.time = time.time()
        if not clock.verify(int(token), TOLERATED_STEPS, self.last_t + 1):
            return False
        self.last_t, self.drift = clock.t(), clock.drift
        return True

    def _spends_recovery_code(self, token: str) -> bool:
        kept = [code for code in self.recovery_codes if not hmac.compare_digest(code.encode(), token.encode())]
        was_one = len(kept) < len(self.recovery_codes)
        self.recovery_codes = kept
        return was_one
