"""Microsoft Graph's subscriptions: asks the hook for an echo, promises three days at most seven, tells of changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.doubles.server import Reply, Request

LONGEST = timedelta(minutes=10_080)
ECHO = "Validation: Testing client application reachability <&+> é"


@dataclass
class _Subscription:
    hook: str
    resource: str
    secret: str
    ends: datetime


class Subscriptions:
    """What a double knows of subscriptions."""

    def __init__(self) -> None:
        self.made: dict[str, _Subscription] = {}
        self.notices_while_made = 0
        """How many notices go out before a subscription's maker has its answer."""

    def reply(self, request: Request) -> Reply:
        """Answer a request for a subscription, or for a longer one."""
        ends = datetime.fromisoformat(request.json["expirationDateTime"])
        if not timedelta(0) < ends - datetime.now(UTC) <= LONGEST:
            return Reply(400, {"error": {"code": "InvalidRequest", "message": "expirationDateTime"}})
        if request.method == "PATCH":
            key = request.path.rpartition("/")[2]
            if key not in self.made:
                return Reply(404, {"error": {"code": "ResourceNotFound"}})
            self.made[key].ends = ends
            return Reply(200, {"id": key, "expirationDateTime": f"{ends:%Y-%m-%dT%H:%M:%S.0000000Z}"})
        return self._make(request, ends)

    def notify(self, key: str, *, times: int = 1, secret: str = "", event: str = "") -> int:
        """Send notices in one request and return the status."""
        one = self.made[key]
        notice: dict[str, Any] = {"subscriptionId": key, "clientState": secret or one.secret, "resource": one.resource}
        notice |= {"lifecycleEvent": event} if event else {"changeType": "created"}
        return httpx2.post(one.hook, json={"value": [notice] * times}, timeout=30).status_code

    def _make(self, request: Request, ends: datetime) -> Reply:
        asked = request.json
        for hook in {asked["notificationUrl"], asked["lifecycleNotificationUrl"]}:
            echo = httpx2.post(hook, params={"validationToken": ECHO}, timeout=30)
            if (echo.status_code, echo.text) != (200, ECHO) or "text/plain" not in echo.headers["content-type"]:
                return Reply(400, {"error": {"code": "ValidationError", "message": "validation request failed"}})
        key = f"subscription-{len(self.made) + 1}"
        self.made[key] = _Subscription(asked["notificationUrl"], asked["resource"], asked["clientState"], ends)
        if self.notices_while_made:
            assert self.notify(key, times=self.notices_while_made) == 202
        return Reply(201, {"id": key, "expirationDateTime": f"{ends:%Y-%m-%dT%H:%M:%S.0000000Z}"})
