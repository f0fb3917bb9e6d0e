"""Notifications' settings, typed; the only place that reads settings.DAYBOOK_NOTIFICATIONS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.conf import settings

from notifications.outside.guard import Network

DJANGO_SMTP = "django.core.mail.backends.smtp.EmailBackend"
NOTING_SMTP = "notifications.channels.smtp.EmailBackend"


@dataclass(frozen=True)
class Conf:
    """What may be tuned; durations carry their unit."""

    recent_days: int = 30
    """Important mail older than this brings no notice: a first sync reaches further back."""
    interval_minutes: int = 5
    most_attempts: int = 30
    """Tries of one delivery before it counts as failed: about a day, with the waits of rules.py."""
    sending_limit_minutes: int = 10
    """A delivery that has been sending for longer was cut off: its process is gone."""
    site_url: str = "http://127.0.0.1:8000"
    """Where links in messages lead, without a slash at the end."""
    alert_urls: Sequence[str] = ()
    """Where operators are told: mailto:ops@example.org, or any apprise URL."""
    alert_dead_letters: int = 50
    """So many open dead letters are an alert."""
    webhook_patience_days: int = 5
    """An endpoint that has taken nothing for so long is disabled."""
    apprise_schemes: Sequence[str] = ("slack", "threema", "tgram", "discord", "pover", "pbul")
    """Kinds of apprise URL that users may choose: services at fixed public hosts, none that names its host itself."""
    threema_gateway_url: str = ""
    """Where our Threema gateway lists registrations; empty: there is none."""
    threema_gateway_token: str = field(default="", repr=False)
    threema_gateway_id: str = ""
    """What messages come from, such as *DAYBOOK."""
    threema_gateway_secret: str = field(default="", repr=False)
    notices_by_model: bool = True
    """A language model that writes may word notices; else the templates do."""
    wording_seconds: float = 20.0
    """So long the model may take for one notice; then the template's text goes out."""
    wording_seconds_a_run: float = 120.0
    """So long one run may wait for the model in all, so that no notice is late for it."""
    webhook_timeout_seconds: float = 15.0
    webhook_networks: Sequence[str] = ()
    """Private networks that webhooks may go to all the same, such as 10.1.0.0/16."""

    def allowed_networks(self) -> list[Network]:
        """Return `webhook_networks`, parsed."""
        return [ip_network(network) for network in self.webhook_networks]


def sender_domain() -> str:
    """Return the domain that our mail comes from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def mail_backend() -> str:
    """Return the path of the mail back end: for SMTP ours, which knows when a mail may have gone out."""
    return NOTING_SMTP if settings.EMAIL_BACKEND == DJANGO_SMTP else str(settings.EMAIL_BACKEND)


def run_url(run_id: UUID) -> str:
    """Return where a run can be looked at."""
    return f"{conf().site_url}/admin/jobs/run/{run_id}/change/"


def conf() -> Conf:
    """Return the settings in force now.

    Raises: ValueError naming settings there are none of.
    """
    given: dict[str, Any] = settings.DAYBOOK_NOTIFICATIONS
    unknown = set(given) - {each.name for each in fields(Conf)}
    if unknown:
        raise ValueError(f"unknown DAYBOOK_NOTIFICATIONS settings: {sorted(unknown)}")
    return Conf(**given)
