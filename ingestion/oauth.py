"""Access tokens of a user's consent: renewed by one process at a time; a withdrawn consent is noted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone

from ingestion.access import disable
from ingestion.conf import conf
from ingestion.models import Consent
from ingestion.providers.errors import ConsentRevokedError, MailboxUnavailableError
from ingestion.providers.http import error_of, tls

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
            consent = _renewed(consent, refused=consent.tokens.get("access_token", ""))
        return f"Bearer {consent.tokens['access_token']}"


def _is_good(consent: Consent, now: datetime) -> bool:
    has_token = bool(consent.tokens and consent.tokens.get("access_token"))
    return has_token and consent.expires_at is not None and consent.expires_at - EARLY > now


def _renewed(consent: Consent, *, refused: str) -> Consent:
    """Return the consent with a token other than the refused one; another process may be fetching it already."""
    ends = time.monotonic() + LONGEST_REFRESH.total_seconds()
    while time.monotonic() < ends:
        now = timezone.now()
        free = Q(refreshing_until=None) | Q(refreshing_until__lt=now)
        is_ours = Consent.objects.filter(free, pk=consent.pk).update(refreshing_until=now + LONGEST_REFRESH)
        if is_ours:
            return _refresh(consent, refused=refused)
        time.sleep(PAUSE_SECONDS)
    raise MailboxUnavailableError(f"{consent}: another process is fetching its token")


def _refresh(consent: Consent, *, refused: str) -> Consent:
    try:
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
    finally:
        Consent.objects.filter(pk=consent.pk).update(refreshing_until=None)


def _ask_for_tokens(consent: Consent) -> dict[str, Any]:
    import httpx2

    url, client_id, secret = _client_of(consent)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": consent.tokens["refresh_token"],
        "client_id": client_id,
        **({"client_secret": secret} if secret else {}),
    }
    try:
        answer = httpx2.post(url, data=form, timeout=conf().http_timeout_seconds, verify=tls())
    except httpx2.TransportError as error:
        raise MailboxUnavailableError(f"the server of tokens: {type(error).__name__}") from None
    if answer.status_code == 200:
        tokens: dict[str, Any] = answer.json()
        return tokens
    if answer.status_code in {400, 401} and _error_code(answer) in REVOKED:
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


def _client_of(consent: Consent) -> tuple[str, str, str]:
    current = conf()
    if consent.provider == Consent.Provider.GOOGLE:
        return current.google_token_url, current.google_client_id, current.google_client_secret
    return current.microsoft_token_url, current.microsoft_client_id, current.microsoft_client_secret


def _error_code(answer: Any) -> str:
    try:
        return str(answer.json().get("error", ""))
    except (ValueError, AttributeError):
        return ""
