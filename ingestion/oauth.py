"""Tokens of a user's consent: changed by one process at a time; a withdrawn consent is noted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone

from ingestion.access import disable, revive
from ingestion.conf import conf
from ingestion.models import Consent
from ingestion.oauth_clients import client_of, error_code
from ingestion.providers.errors import ConsentRevokedError, MailboxUnavailableError
from ingestion.providers.http import error_of

EARLY = timedelta(minutes=2)
LONGEST_REFRESH = timedelta(seconds=45)
PAUSE_SECONDS = 0.1
# RFC 6749, 5.2: the refresh token is no longer good; the client itself is not meant.
REVOKED = {"invalid_grant", "interaction_required", "consent_required"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ConsentAuthorization:
    """Lets requests in by the access token of a consent."""

    consent_id: int

    def header(self, *, renewed: bool) -> str:
        """Return the value of Authorization.

        Raises:
            ConsentRevokedError: the user has to give consent again; every account and calendar of it is disabled.
            MailboxUnavailableError: the token's server can't be reached.
        """
        consent = Consent.objects.get(pk=self.consent_id)
        if consent.tokens is None:
            raise ConsentRevokedError(f"{consent}: the consent was withdrawn")
        if renewed or not _is_good(consent, timezone.now()):
            refused = consent.tokens.get("access_token", "")
            with _alone(consent):
                consent = _refresh(consent, refused=refused)
        return f"Bearer {consent.tokens['access_token']}"


def keep_tokens(consent: Consent, *, refresh_token: str, scopes: str) -> None:
    """Keep what a consent given anew allows; what its withdrawal had stopped goes on.

    Raises: MailboxUnavailableError when another process doesn't let go of the consent.
    """
    with _alone(consent):
        Consent.objects.filter(pk=consent.pk).update(
            tokens={"refresh_token": refresh_token}, scopes=scopes, expires_at=None, revoked_at=None
        )
        revive(consent)
    consent.refresh_from_db()


def _is_good(consent: Consent, now: datetime) -> bool:
    has_token = bool(consent.tokens and consent.tokens.get("access_token"))
    return has_token and consent.expires_at is not None and consent.expires_at - EARLY > now


@contextmanager
def _alone(consent: Consent) -> Iterator[None]:
    """Keep every other process from the consent's tokens; waits for one that is at it."""
    ends = time.monotonic() + LONGEST_REFRESH.total_seconds()
    free = Q(refreshing_until=None)
    while True:
        now = timezone.now()
        ours = Consent.objects.filter(free | Q(refreshing_until__lt=now), pk=consent.pk)
        if ours.update(refreshing_until=now + LONGEST_REFRESH):
            break
        if time.monotonic() >= ends:
            raise MailboxUnavailableError(f"{consent}: another process is fetching its token")
        time.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        Consent.objects.filter(pk=consent.pk).update(refreshing_until=None)


def _refresh(consent: Consent, *, refused: str) -> Consent:
    """Return the consent with a token other than the refused one; another process may have fetched it already."""
    consent.refresh_from_db()
    if consent.tokens is None:
        raise ConsentRevokedError(f"{consent}: the consent was withdrawn")
    if consent.tokens.get("access_token") != refused and _is_good(consent, timezone.now()):
        return consent
    answer = _ask_for_tokens(consent)
    kept = {"refresh_token": consent.tokens["refresh_token"]}
    given = {name: answer[name] for name in ("access_token", "refresh_token") if answer.get(name)}
    consent.tokens = {**kept, **given}
    consent.expires_at = timezone.now() + timedelta(seconds=int(answer.get("expires_in", 3600)))
    consent.save(update_fields=["tokens", "expires_at"])
    return consent


def _ask_for_tokens(consent: Consent) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": consent.tokens["refresh_token"]}
    answer = client_of(consent.provider).tokens(form, within_seconds=conf().http_timeout_seconds)
    if answer.status_code == 200:
        tokens: dict[str, Any] = answer.json()
        return tokens
    if answer.status_code in {400, 401} and error_code(answer) in REVOKED:
        withdrawn = ConsentRevokedError(f"{consent}: the consent was withdrawn")
        note_revoked(consent, withdrawn)
        raise withdrawn
    raise error_of(answer.status_code, answer.headers, what="a new access token")


def note_revoked(consent: Consent, error: ConsentRevokedError) -> None:
    """Forget the tokens and disable every account and calendar that lived by them; their owner is told once each."""
    Consent.objects.filter(pk=consent.pk).update(tokens=None, revoked_at=timezone.now())
    for place in (*consent.accounts.filter(is_active=True), *consent.calendars.filter(is_active=True)):
        disable(place, error)
    log.warning("consent withdrawn", consent=consent.pk, provider=consent.provider)
