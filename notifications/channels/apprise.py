"""Slack, Threema and all else that apprise knows, by URL; apprise waits 4 s to connect and 4 s for an answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from notifications.channels.email import refusal_by_status
from notifications.channels.errors import DeliveryError, RefusedForGoodError, UnansweredError
from notifications.channels.protocol import Outgoing

HARMLESS = frozenset({"footer", "image", "priority", "silent", "sound", "thread", "to", "topic"})
STATUS = re.compile(r"error=(\d{3})\b")
NEVER_SENT = re.compile(r"NewConnectionError|ConnectTimeout|NameResolution|Failed to establish|Failed to resolve")


class AppriseChannel:
    """One URL per receiver, in `secret`, since it holds tokens."""

    most_unanswered = 2

    @contextmanager
    def opened(self) -> Iterator[AppriseLine]:
        """Return a line; each service is reached when something is sent."""
        yield AppriseLine()


class AppriseLine:
    """Sends to any URL."""

    def send(self, message: Outgoing) -> None:
        """Send one message; what apprise says about the failure tells whether it may have arrived."""
        plugin = plugin_of(message.secret)
        if plugin is None:
            raise RefusedForGoodError("not a URL that apprise understands")
        with _said() as lines:
            if plugin.notify(title=message.title, body=message.body):
                return
        raise _failure("\n".join(lines))


def plugin_of(url: str) -> Any:
    """Return apprise's plug-in for the URL; None when it understands none such."""
    import apprise

    return apprise.Apprise.instantiate(url, suppress_exceptions=True) if url else None


def problem_with(url: str, *, schemes: Collection[str]) -> str:
    """Return why a user may not choose the URL; empty when they may.

    They have these schemes, whose services live at fixed public hosts, and harmless parameters: `template` would make
    apprise read a file of this machine or fetch a URL, others switch off its time limits or its look at certificates.
    """
    from apprise.utils.parse import parse_url

    scheme = url.partition("://")[0].lower()
    if scheme not in schemes:
        return f"{scheme or 'this'} is not among {', '.join(schemes)}"
    given = parse_url(url, verify_host=False) or {}  # type: ignore[no-untyped-call]
    if refused := sorted(set(given.get("qsd", {})) - HARMLESS):
        return f"the parameter {refused[0] or '?'} is not allowed, only {', '.join(sorted(HARMLESS))}"
    return "" if plugin_of(url) else "apprise does not understand this URL"


def masked(url: str) -> str:
    """Return the URL as it may be shown, its tokens masked; empty when apprise understands no such URL."""
    plugin = plugin_of(url)
    return str(plugin.url(privacy=True)).partition("?")[0] if plugin else ""


def _failure(said: str) -> DeliveryError:
    if found := STATUS.search(said):
        return refusal_by_status(int(found[1]), "from the service")
    if NEVER_SENT.search(said):
        return DeliveryError("the service can't be reached")
    if "onnection error" in said or "Socket Exception" in said:
        return UnansweredError("the service did not answer")
    return DeliveryError("the service did not take it")


@contextmanager
def _said() -> Iterator[list[str]]:
    """Collect what apprise logs, and let none of it go further: at this level it holds tokens."""
    lines: list[str] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, collecting = logging.getLogger("apprise"), Collecting()
    before = logger.level, logger.propagate
    logger.addHandler(collecting)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.removeHandler(collecting)
        logger.setLevel(before[0])
        logger.propagate = before[1]
