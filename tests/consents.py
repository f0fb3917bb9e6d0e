"""Anna's mailbox or calendar at a double of Google or Microsoft: settings that lead to its tokens, and her consent."""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib.auth.models import User

from ingestion.calendar_operations import connect_calendar
from ingestion.models import Account, Calendar, Consent
from ingestion.operations import connect_account, give_consent
from tests.doubles.tokens import ADDRESS, REFRESH


class Server(Protocol):
    """A double of something of a provider's."""

    provider: str

    @property
    def url(self) -> str:
        """Its address; it gives out tokens at /token."""

    @property
    def base_url(self) -> str:
        """What stands in place of the provider's address."""


def configure(settings: Any, **values: Any) -> None:
    """Set these of ingestion's settings, and leave the others."""
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, **values}


def fetch_tokens_from(server: Server, settings: Any) -> None:
    """Let tokens of its provider come from the double."""
    values = {"token_url": f"{server.url}/token", "client_id": "client"}
    configure(settings, **{f"{server.provider}_{name}": value for name, value in values.items()})


def account_at(server: Server, *, user: str = "anna") -> Account:
    """Return her mailbox there, connected anew; another user may see the same one."""
    consent = _given_to(server, user)
    return connect_account(consent.owner, consent=consent, base_url=server.base_url)


def calendar_at(server: Server, *, user: str = "anna") -> Calendar:
    """Return her calendar there, connected anew; another user may see the same one."""
    consent = _given_to(server, user)
    return connect_calendar(consent.owner, consent=consent, base_url=server.base_url)


def _given_to(server: Server, user: str) -> Consent:
    owner, _ = User.objects.get_or_create(username=user)
    return give_consent(owner, provider=server.provider, address=ADDRESS, refresh_token=REFRESH)
