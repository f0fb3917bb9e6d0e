"""E-mail through whatever back end EMAIL_URL names; every network step ends within EMAIL_TIMEOUT."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from notifications.channels.errors import DeliveryError, RefusedForGoodError, UnansweredError, UnavailableError
from notifications.channels.protocol import Outgoing
from notifications.conf import mail_backend


class EmailChannel:
    """E-mail; a second copy bears the same Message-ID."""

    most_unanswered = 2

    @contextmanager
    def opened(self) -> Iterator[EmailLine]:
        """Connect to the mail server."""
        connection = get_connection(mail_backend())
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise UnavailableError(f"no connection to the mail server: {_told(error)}") from error
        try:
            yield EmailLine(connection)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                connection.close()


class EmailLine:
    """An open connection to the mail server."""

    def __init__(self, connection: BaseEmailBackend) -> None:
        self._connection = connection

    def send(self, message: Outgoing) -> None:
        """Send one mail; headers say that a machine wrote it, so that no robot answers."""
        try:
            self._connection.send_messages([_mail(message)])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise refusal(code, answer) from error
        except smtplib.SMTPResponseException as error:
            raise refusal(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._silence(error) from error
        except ValueError as error:
            raise RefusedForGoodError(f"not a sendable mail: {error}") from error

    def _silence(self, error: Exception) -> DeliveryError:
        """Return the error for a line that broke; a provider's HTTP back end that names a status did answer."""
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            return refusal_by_status(status, _told(error))
        session = getattr(self._connection, "connection", None)
        kind = UnansweredError if getattr(session, "content_went_out", True) else DeliveryError
        return kind(f"the mail server did not answer: {_told(error)}")


def refusal(code: int, answer: bytes | str) -> DeliveryError:
    """Return the error for a server's reply: 5yz is for good, all else for now (RFC 5321, section 4.2.1)."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    kind = RefusedForGoodError if 500 <= code <= 599 else DeliveryError
    return kind(f"{code} {text}")


def refusal_by_status(status: int, text: str) -> DeliveryError:
    """Return the error for an HTTP status: 4xx is for good, but for time-outs, conflicts and too many requests."""
    passing = {408, 409, 425, 429}
    kind = RefusedForGoodError if 400 <= status <= 499 and status not in passing else DeliveryError
    return kind(f"{status} {text}")


def _mail(message: Outgoing) -> EmailMultiAlternatives:
    headers = {"Message-ID": message.message_id, "Auto-Submitted": "auto-generated", **message.headers}
    mail = EmailMultiAlternatives(message.title, message.body, None, [message.address], headers=headers)
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
