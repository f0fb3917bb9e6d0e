"""Errors the engine raises and those a job raises to say what shall happen next; pure."""

from __future__ import annotations

from datetime import datetime, timedelta


class DaybookError(Exception):
    """Any error of the engine's own."""


class PermanentError(DaybookError):
    """The job can't succeed by trying again: no retry, the run fails at once."""

    permanent = True


class TransientError(DaybookError):
    """Trying again may help; `retry_after` (seconds), when known, replaces the policy's wait."""

    permanent = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Snooze(DaybookError):  # noqa: N818 - an outcome, not a failure
    """Go on later without spending an attempt: after a delay, or at a time."""

    def __init__(self, wait: timedelta | datetime) -> None:
        super().__init__(f"snoozed for {wait}" if isinstance(wait, timedelta) else f"snoozed until {wait:%FT%TZ}")
        self.wait = wait

    def until(self, now: datetime) -> datetime:
        """Return when to go on."""
        return now + self.wait if isinstance(self.wait, timedelta) else self.wait


class Cancelled(DaybookError):  # noqa: N818 - an outcome, not a failure
    """The running job noticed that a person cancelled it."""


class Interrupted(DaybookError):  # noqa: N818 - an outcome, not a failure
    """The running job stopped at a checkpoint because its worker shuts down."""


class UnknownJobError(DaybookError):
    """No job of that name is registered here."""


class ArgumentsError(DaybookError, TypeError):
    """The arguments don't fit the job's signature, or aren't JSON."""


class RefusedError(DaybookError):
    """A guard refused to start the run now; the message says which and who holds it."""


class RuleError(DaybookError, ValueError):
    """A schedule's rule can't be read, or names a time that never comes."""
