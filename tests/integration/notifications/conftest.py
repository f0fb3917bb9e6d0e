"""A real SMTP server that answers as a test tells it, and mails worth a notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from ingestion.models import Account, Classification, Mail
from notifications.models import Delivery
from notifications.tasks.send_notifications import COUNTED, OUTCOMES

MailMaker = Callable[..., Mail]
NOTHING = {**dict.fromkeys(COUNTED + OUTCOMES, 0), "cut_off": 0}


@dataclass
class MailServer:
    """What the server says at which step, and what it took. `after_data` runs before the answer to DATA."""

    port: int = 0
    accepted: list[Message] = field(default_factory=list)
    rcpt: dict[str, str] = field(default_factory=dict)
    data: str = "250 OK"
    hang_for: str = ""
    """Address, or part of one, whose mail is never answered."""
    drop: bool = False
    hang_at_rcpt: bool = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer for one address."""
        if self.hang_at_rcpt:
            await asyncio.sleep(30)
        envelope.rcpt_tos.append(address)
        return self.rcpt.get(address, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the mail, or hang, hang up or refuse."""
        if self.hang_for and self.hang_for in envelope.rcpt_tos[0]:
            await asyncio.sleep(30)
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.accepted.append(message_from_bytes(envelope.content))
        if self.drop and server.transport:
            server.transport.close()
        return self.data

    def recipients(self) -> list[str]:
        """Return the addresses of the mails taken, sorted."""
        return sorted(str(message["To"]) for message in self.accepted)


@pytest.fixture
def mail_server(settings: Settings, free_port: Callable[[], int]) -> Iterator[MailServer]:
    server = MailServer(port=free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    yield server
    controller.stop()


@pytest.fixture
def new_mail() -> MailMaker:
    """Make a classified mail, important unless told otherwise, of a user who has an address."""

    def make(
        user: str = "kim", *, subject: str = "Contract", found: dict[str, Any] | None = None, **fields: Any
    ) -> Mail:
        owner, _ = User.objects.get_or_create(username=user, defaults={"email": f"{user}@home.example"})
        account, _ = Account.objects.get_or_create(
            owner=owner, provider="mbox", location=user, defaults={"address": f"{user}@own.example"}
        )
        number = Mail.objects.count()
        mail = Mail.objects.create(
            **{
                "account": account,
                "identity": f"<{number}@mail.example>",
                "message_id": f"<{number}@mail.example>",
                "provider_key": str(number),
                "subject": subject,
                "sender_address": "lee@person.example",
                "sent_at": timezone.now() - timedelta(hours=1),
                "received_at": timezone.now(),
                **fields,
            }
        )
        Classification.objects.create(**{"mail": mail, "importance": "high", "model": "test", **(found or {})})
        return mail

    return make


def let_time_pass(**span: float) -> None:
    """Bring everything that waits nearer by `span`."""
    for delivery in Delivery.objects.all():
        delivery.next_attempt_at -= timedelta(**span)
        delivery.claimed_at = delivery.claimed_at and delivery.claimed_at - timedelta(**span)
        delivery.save()


def states() -> list[str]:
    """Return the states of all deliveries, oldest first."""
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))
