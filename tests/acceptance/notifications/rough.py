"""Receivers that refuse, hang and hang up now and then, and count what they took; and notices for them."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from django.utils import timezone

from notifications.models import Delivery, Preference, Signal, WebhookEndpoint


@dataclass
class RoughServer:
    """Takes most mails; refuses, hangs or hangs up on some. Counts what it took, by address."""

    dice: random.Random
    taken: Counter[str] = field(default_factory=Counter)
    port: int = 0
    hang_seconds: float = 2.0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:
        """Answer for one address."""
        envelope.rcpt_tos.append(address)
        if address.startswith("nobody"):
            return "550 no such user"
        return "450 busy" if self.dice.random() < 0.05 else "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the mail, slowly enough to be killed in; on some hang, on some hang up after taking it."""
        throw = self.dice.random()
        await asyncio.sleep(self.dice.random() * 0.02)
        if throw < 0.01:
            await asyncio.sleep(self.hang_seconds)
            return "451 too slow"
        if throw < 0.03:
            return "452 no space"
        self.taken[envelope.rcpt_tos[0]] += 1
        if throw < 0.05 and server.transport:
            server.transport.close()
        return "250 OK"


class RoughHook:
    """An HTTP receiver on 127.0.0.2: takes most webhooks; is busy, hangs up or says 500 after taking some."""

    def __init__(self, dice: random.Random) -> None:
        self.taken: Counter[str] = Counter()
        """How often each webhook-id was taken."""
        self._dice, self._lock = dice, threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.2", 0), self._requests_of())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.2:{self._server.server_address[1]}/in"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _requests_of(hook) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                with hook._lock:
                    throw = hook._dice.random()
                    if throw >= 0.05:
                        hook.taken[self.headers["webhook-id"]] += 1
                if 0.05 <= throw < 0.08:
                    self.connection.close()
                    return
                self.send_response(503 if throw < 0.05 else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def make_notices(number: int) -> None:
    """Make users who each have one notice to be sent; every twentieth address doesn't exist."""
    names = [f"{'nobody' if each % 20 == 0 else 'user'}{each}" for each in range(number)]
    users = User.objects.bulk_create([User(username=name, email=f"{name}@home.example") for name in names])
    Preference.objects.bulk_create([Preference(user=user, digest_from=None) for user in users])
    signals = Signal.objects.bulk_create(
        [Signal(user=user, kind="important_mail", key="k", title="A title", body="A body") for user in users]
    )
    now = timezone.now()
    Delivery.objects.bulk_create(
        [
            Delivery(
                signal=each,
                user=each.user,
                channel="email",
                address=each.user.email,
                key=f"email:{each.user_id}:k",
                next_attempt_at=now,
            )
            for each in signals
        ]
    )


def make_webhooks(number: int, url: str) -> WebhookEndpoint:
    """Make an endpoint with so many webhooks to be sent."""
    endpoint = WebhookEndpoint.objects.create(name="Rough", url=url)
    now = timezone.now()
    Delivery.objects.bulk_create(
        [
            Delivery(
                channel="webhook",
                endpoint=endpoint,
                address=url,
                title="An end",
                body="{}",
                key=f"webhook:{endpoint.pk}:{each}",
                next_attempt_at=now,
            )
            for each in range(number)
        ]
    )
    return endpoint


def unfinished() -> int:
    """Return how many deliveries have not come to an end."""
    return Delivery.objects.filter(state__in=["pending", "sending"]).count()
