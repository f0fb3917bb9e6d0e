"""Asks a person for consent at a provider, in their browser, and takes what comes back.

The authorization code grant (RFC 6749, 4.1) with PKCE (RFC 7636); who gave consent stands in the ID token, which comes
from the provider itself and needs no signature (OpenID Connect Core 1.0, 3.1.3.7).
"""

from __future__ import annotations

import binascii
import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from ingestion.calendar_operations import connect_calendar
from ingestion.models import Calendar, Consent
from ingestion.oauth_clients import OAuthClient, client_of, error_code
from ingestion.operations import connect_account, give_consent
from ingestion.providers.errors import MailboxUnavailableError
from jobs import audit

MAIL, CALENDAR, ARCHIVE = "mail", "calendar", "archive"
USES = (MAIL, CALENDAR, ARCHIVE)
LONGEST_SECONDS = 600
# A web process waits for it.
LONGEST_EXCHANGE_SECONDS = 10.0
_GOOGLE, _GRAPH = "https://www.googleapis.com/auth/", "https://graph.microsoft.com/"
SCOPES: dict[str, dict[str, str]] = {
    Consent.Provider.GOOGLE: {
        MAIL: f"{_GOOGLE}gmail.readonly",
        CALENDAR: f"{_GOOGLE}calendar.readonly",
        ARCHIVE: f"{_GOOGLE}calendar",
    },
    Consent.Provider.MICROSOFT: {
        MAIL: f"{_GRAPH}Mail.Read",
        CALENDAR: f"{_GRAPH}Calendars.Read",
        ARCHIVE: f"{_GRAPH}Calendars.ReadWrite",
    },
}
ALWAYS: dict[str, str] = {
    Consent.Provider.GOOGLE: "openid email",
    Consent.Provider.MICROSOFT: "openid email profile offline_access",
}
# Google gives a refresh token only when it asks, and Microsoft always.
MORE: dict[str, dict[str, str]] = {
    Consent.Provider.GOOGLE: {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"},
    Consent.Provider.MICROSOFT: {"prompt": "select_account"},
}


class ConsentError(ValueError):
    """No consent came of it; the message tells the person why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person wants to be connected, for whom, and the secrets that bind the answer to the question."""

    provider: str
    uses: tuple[str, ...]
    asker: int
    owner: int
    redirect_uri: str
    calendar: str = ""
    """Id of the archive's calendar there."""
    verifier: str
    nonce: str
    asked_at: float

    def values(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return asdict(self)


def new_wish(**wanted: Any) -> Wish:
    """Return a wish with secrets of its own."""
    return Wish(**wanted, verifier=secrets.token_urlsafe(64), nonce=secrets.token_urlsafe(32), asked_at=time.time())


def question(wish: Wish, *, state: str, hint: str = "") -> str:
    """Return the provider's address that asks for consent; `hint` is the address of whom it should ask.

    Raises: ConsentError when we aren't registered there.
    """
    client = client_of(wish.provider)
    if not client.client_id:
        name = f"{wish.provider.upper()}_CLIENT_ID"
        raise ConsentError(f"{client.name} is not set up here: an operator has to set {name}.")
    challenge = hashlib.sha256(wish.verifier.encode()).digest()
    params = {
        "client_id": client.client_id,
        "response_type": "code",
        "redirect_uri": wish.redirect_uri,
        "scope": " ".join([ALWAYS[wish.provider], *(SCOPES[wish.provider][use] for use in wish.uses)]),
        "state": state,
        "nonce": wish.nonce,
        "code_challenge": urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
        **MORE[wish.provider],
    }
    return f"{client.authorize_url}?{urlencode(params)}"


def answer(wish: Wish, said: Mapping[str, str], *, owner: AbstractBaseUser) -> Consent:
    """Keep the consent that the provider's answer brings, and connect what was wished for.

    Raises: ConsentError; then nothing has changed.
    """
    client = client_of(wish.provider)
    if time.time() - wish.asked_at > LONGEST_SECONDS:
        raise ConsentError("That took too long. Begin again.")
    if said.get("error") == "access_denied":
        raise ConsentError(f"{client.name} was told not to give access. Nothing has changed.")
    if said.get("error") or not said.get("code"):
        reason = f"{said.get('error', 'no answer')}: {said.get('error_description', '')}"[:300]
        raise ConsentError(f"{client.name} gave no access ({reason.rstrip(': ')}). Nothing has changed.")
    tokens = _tokens(client, wish, said["code"])
    address = _address(client, wish, tokens)
    scopes = str(tokens.get("scope", ""))
    _refuse_gaps(client, wish, scopes)
    refresh_token = str(tokens.get("refresh_token") or "")
    if not refresh_token:
        raise ConsentError(
            f"{client.name} gave access for an hour only. Remove Daybook from your account's connected apps there, "
            "then connect again."
        )
    given = {"provider": wish.provider, "address": address, "refresh_token": refresh_token, "scopes": scopes}
    try:
        consent = give_consent(owner, **given)
    except MailboxUnavailableError:
        raise ConsentError("The connection is in use just now. Try again in a minute.") from None
    with transaction.atomic():
        _connect(owner, consent, wish)
        audit.note("give consent", consent, after={"for": list(wish.uses), "owner": str(owner)})
    return consent


def _tokens(client: OAuthClient, wish: Wish, code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": wish.redirect_uri,
        "code_verifier": wish.verifier,
    }
    try:
        given = client.tokens(form, within_seconds=LONGEST_EXCHANGE_SECONDS)
    except MailboxUnavailableError:
        raise ConsentError(f"{client.name} doesn't answer. Try again later.") from None
    if given.status_code == 200:
        try:
            return dict(given.json())
        except (ValueError, TypeError):
            raise ConsentError(f"{client.name} answered what can't be read. Try again later.") from None
    reason = error_code(given) or f"HTTP {given.status_code}"
    if reason in {"invalid_client", "unauthorized_client"}:
        raise ConsentError(f"{client.name} doesn't know this site's client: an operator has to look at its settings.")
    raise ConsentError(f"{client.name} didn't take its own answer ({reason[:100]}). Begin again.")


def _address(client: OAuthClient, wish: Wish, tokens: Mapping[str, Any]) -> str:
    """Return whose consent it is, once the ID token is meant for us and for this question."""
    claims = _claims(str(tokens.get("id_token", "")))
    if claims.get("aud") != client.client_id or claims.get("nonce") != wish.nonce:
        raise ConsentError(f"{client.name}'s answer is not to this question. Begin again.")
    # Graph knows a user by the name they log in with, which need not be their e-mail address.
    names = ("email",) if wish.provider == Consent.Provider.GOOGLE else ("preferred_username", "email")
    address = next((str(claims[name]) for name in names if claims.get(name)), "")
    if "@" not in address:
        raise ConsentError(f"{client.name} doesn't say whose account it is.")
    return address.lower()


def _claims(token: str) -> dict[str, Any]:
    try:
        part = token.split(".")[1]
        found = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def _refuse_gaps(client: OAuthClient, wish: Wish, scopes: str) -> None:
    """Refuse a consent that leaves out something wished for: a box was not ticked."""
    given = {scope.removeprefix(_GRAPH).lower() for scope in scopes.split()}
    lacking = [use for use in wish.uses if not _holders(wish.provider, use) & given]
    if lacking:
        raise ConsentError(
            f"{client.name} gave no access to: {', '.join(lacking)}. Connect again and tick every box it shows."
        )


def _holders(provider: str, use: str) -> set[str]:
    """Return the scopes that allow a use: who may write a calendar may read it."""
    uses: Iterable[str] = (CALENDAR, ARCHIVE) if use == CALENDAR else (use,)
    return {SCOPES[provider][one].removeprefix(_GRAPH).lower() for one in uses}


def _connect(owner: AbstractBaseUser, consent: Consent, wish: Wish) -> None:
    if MAIL in wish.uses:
        connect_account(owner, consent=consent)
    if CALENDAR in wish.uses:
        connect_calendar(owner, consent=consent)
    if ARCHIVE in wish.uses:
        archive = connect_calendar(owner, consent=consent, name=wish.calendar)
        Calendar.objects.filter(pk=archive.pk).update(is_archive=True)
