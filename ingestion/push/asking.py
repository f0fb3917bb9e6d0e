"""Asks a provider for notices of one place: Gmail's watch, a subscription of Microsoft Graph; never the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.conf import conf
from ingestion.providers.errors import MailboxMissingError
from ingestion.providers.http import Authorization, Call, HttpApi, http_api

OUTLOOK_HOOK = "/api/v1/hooks/outlook"
# Graph allows seven days for mail and events; a shorter promise is one that a lost site gets rid of sooner.
GRAPH_SPAN = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a provider promised."""

    key: str
    expires_at: datetime


def watch_gmail(url: str, authorization: Authorization) -> Promise:
    """Let Gmail tell the topic of changes in the mailbox at `url`; asking again prolongs it."""
    call = Call(method="POST", url=f"{url.rstrip('/')}/watch", json={"topicName": conf().google_push_topic})
    with http_api(authorization) as api:
        answer: dict[str, Any] = api.ask(call).json()
    return Promise(key="", expires_at=datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC))


def prolong_graph(root: str, authorization: Authorization, *, key: str, now: datetime) -> Promise | None:
    """Prolong a subscription, or return None when Graph knows it no more."""
    call = Call(method="PATCH", url=f"{root}/subscriptions/{key}", json={"expirationDateTime": _text(now + GRAPH_SPAN)})
    with http_api(authorization) as api:
        try:
            return _promise(api, call)
        except MailboxMissingError:
            return None


def subscribe_graph(root: str, authorization: Authorization, *, resource: str, secret: str, now: datetime) -> Promise:
    """Make a subscription to a resource, such as users/ADDRESS/events; Graph asks our hook for an echo meanwhile."""
    hook = conf().push_url.rstrip("/") + OUTLOOK_HOOK
    wanted = {
        "changeType": "created" if resource.endswith("messages") else "created,updated,deleted",
        "notificationUrl": hook,
        "lifecycleNotificationUrl": hook,
        "resource": resource,
        "expirationDateTime": _text(now + GRAPH_SPAN),
        "clientState": secret,
    }
    with http_api(authorization) as api:
        return _promise(api, Call(method="POST", url=f"{root}/subscriptions", json=wanted, accepts=(201,)))


def _promise(api: HttpApi, call: Call) -> Promise:
    answer: dict[str, Any] = api.ask(call).json()
    ends = datetime.fromisoformat(str(answer["expirationDateTime"]))
    return Promise(key=str(answer["id"]), expires_at=ends if ends.tzinfo else ends.replace(tzinfo=UTC))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
