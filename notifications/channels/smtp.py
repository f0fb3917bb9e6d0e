"""Django's SMTP back end, which also notes whether a mail's content was on its way when the line broke."""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend as DjangoBackend


class _Noting:
    """Set as soon as the server may have taken the mail without our knowing."""

    content_went_out = False

    def mail(self, sender: str, options: Any = ()) -> Any:
        """Begin another mail."""
        self.content_went_out = False
        return super().mail(sender, options)  # type: ignore[misc]

    def data(self, msg: Any) -> Any:
        """Send the content; from here on silence means that nobody knows."""
        self.content_went_out = True
        return super().data(msg)  # type: ignore[misc]


class NotingSMTP(_Noting, smtplib.SMTP):
    """SMTP."""


class NotingSMTPOverTLS(_Noting, smtplib.SMTP_SSL):
    """SMTP over TLS."""


class EmailBackend(DjangoBackend):
    """SMTP."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The class of the connection."""
        return NotingSMTPOverTLS if self.use_ssl else NotingSMTP
