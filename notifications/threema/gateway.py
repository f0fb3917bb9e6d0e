"""Our Threema gateway's REST interface: which tokens came in, and what became of them.

GET registrations?state=pending answers {"registrations": [{"id", "token", "threema_id"}], "next": cursor or null};
POST registrations/ID {"result": ...} takes one off the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from ingestion.providers.errors import RejectedError
from ingestion.providers.http import Call, Fixed, HttpApi, http_api, is_safe_for_passwords
from notifications.conf import conf

MOST_PAGES = 100


@dataclass(frozen=True)
class Registration:
    """A token that somebody sent us by Threema."""

    id: str
    token: str
    threema_id: str


class Gateway:
    """An open connection to the gateway."""

    def __init__(self, api: HttpApi, url: str) -> None:
        self._api, self._url = api, url.rstrip("/") + "/registrations"

    def pending(self) -> Iterator[Registration]:
        """Yield what waits, page by page.

        Raises: one of ingestion.providers.errors.
        """
        params = {"state": "pending"}
        for _ in range(MOST_PAGES):
            page = self._api.ask(Call(method="GET", url=self._url, params=params)).json()
            for row in page.get("registrations", []):
                yield Registration(str(row["id"]), str(row["token"]), str(row["threema_id"]).upper())
            if not page.get("next"):
                return
            params["cursor"] = str(page["next"])

    def settle(self, registration: Registration, result: str) -> None:
        """Say what became of it; one that is settled already, or gone, is fine."""
        url = f"{self._url}/{quote(registration.id, safe='')}"
        self._api.ask(Call(method="POST", url=url, json={"result": result}, accepts=(200, 204, 404, 409)))


@contextmanager
def open_gateway() -> Iterator[Gateway]:
    """Connect to THREEMA_GATEWAY_URL, with the run's correlation id; close it at the end."""
    url = conf().threema_gateway_url
    if not is_safe_for_passwords(url):
        raise RejectedError("THREEMA_GATEWAY_URL must begin with https://: a token goes there")
    with http_api(Fixed(f"Bearer {conf().threema_gateway_token}")) as api:
        yield Gateway(api, url)
