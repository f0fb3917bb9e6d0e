"""Runs that failed for good go to Sentry: with run and correlation id, without arguments, variables or secrets."""

from __future__ import annotations

from typing import Any

from jobs.observing import FinalFailure, Observer
from jobs.veil import veiled_value

FLUSH_SECONDS = 5.0


class SentryObserver(Observer):
    """Sends final failures to one Sentry project, by a client of its own that hooks into nothing."""

    def __init__(self, dsn: str, *, release: str = "", transport: Any = None) -> None:
        """Send to this DSN; `transport` replaces the network."""
        import sentry_sdk

        self._client = sentry_sdk.Client(
            dsn=dsn,
            transport=transport,
            release=release or None,
            default_integrations=False,
            auto_enabling_integrations=False,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            auto_session_tracking=False,
            send_client_reports=False,
            before_send=_masked,
        )

    def failed(self, failure: FinalFailure) -> None:
        """Send the error, grouped by job and place."""
        from sentry_sdk.utils import event_from_exception

        event, hint = event_from_exception(failure.error, client_options=self._client.options)
        event["tags"] = {"job": failure.job, "queue": failure.queue, "run_id": failure.run_id}
        event["tags"]["correlation_id"] = failure.correlation_id
        event["contexts"] = {"run": {"attempt": failure.attempt}}
        event["transaction"] = failure.job
        self._client.capture_event(event, hint)

    def flush(self) -> None:
        """Send what is waiting."""
        self._client.flush(timeout=FLUSH_SECONDS)


def _masked(event: Any, _hint: Any) -> Any:
    """Mask every text of the event as logs are masked."""
    return veiled_value(event)
