"""What we are at Google and Microsoft: OAuth clients, and the one way in which they ask for tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestion.conf import conf
from ingestion.models import Consent
from ingestion.providers.errors import MailboxUnavailableError
from ingestion.providers.http import tls


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """A registration at one provider."""

    name: str
    authorize_url: str
    token_url: str
    client_id: str
    secret: str = field(repr=False)

    def tokens(self, form: Mapping[str, str], *, within_seconds: float) -> Any:
        """Ask for tokens and return the response (httpx2.Response), whatever its status.

        Raises: MailboxUnavailableError when the server can't be reached or keeps silent.
        """
        import httpx2

        known = {"client_id": self.client_id, **({"client_secret": self.secret} if self.secret else {})}
        try:
            return httpx2.post(self.token_url, data={**form, **known}, timeout=within_seconds, verify=tls())
        except httpx2.TransportError as error:
            raise MailboxUnavailableError(f"the server of tokens: {type(error).__name__}") from None


def client_of(provider: str) -> OAuthClient:
    """Return our registration at a provider of consents; without `client_id` there is none."""
    current = conf()
    if provider == Consent.Provider.GOOGLE:
        return OAuthClient(
            name="Google",
            authorize_url=current.google_authorize_url,
            token_url=current.google_token_url,
            client_id=current.google_client_id,
            secret=current.google_client_secret,
        )
    return OAuthClient(
        name="Microsoft",
        authorize_url=current.microsoft_authorize_url,
        token_url=current.microsoft_token_url,
        client_id=current.microsoft_client_id,
        secret=current.microsoft_client_secret,
    )


def error_code(answer: Any) -> str:
    """Return the error of a refusal (RFC 6749, 5.2), "" where it names none."""
    try:
        return str(answer.json().get("error", ""))
    except (ValueError, AttributeError):
        return ""
