"""What can go wrong at a provider; each error knows whether trying again can help."""

from __future__ import annotations

from jobs.errors import DaybookError, PermanentError, TransientError


class ProviderError(DaybookError):
    """A mailbox could not be read."""


class AccessRefusedError(ProviderError, PermanentError):
    """The provider refused the credentials; only the user can help."""


class ConsentRevokedError(AccessRefusedError):
    """The user, or an administrator, withdrew the consent; only giving it again helps."""


class MailboxMissingError(ProviderError, PermanentError):
    """There is no mailbox where the account says, or it is not readable."""


class MailboxUnavailableError(ProviderError, TransientError):
    """The provider can't be reached or is busy; a later sync goes on where this one stopped."""


class PositionLostError(ProviderError, TransientError):
    """The provider no longer knows the cursor; only looking at everything again helps."""


class RejectedError(ProviderError, PermanentError):
    """The provider understood the request and refuses it for good."""
