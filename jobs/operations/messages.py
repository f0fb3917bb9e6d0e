"""What a person may ask of a quarantined message: send it again, or close it."""

from __future__ import annotations

from jobs import audit, quarantine
from jobs.errors import RefusedError, UnknownJobError
from jobs.models import BadMessage
from jobs.publish import BROKER_FAULTS


def replay_message(message: BadMessage) -> None:
    """Send the message's bytes to its queue again; what is still wrong with it brings it back to quarantine.

    Raises: RefusedError when it is closed, cut, names no known job, or the broker doesn't take it.
    """
    _check_open(message)
    if message.size > len(message.body):
        raise RefusedError(f"only {len(message.body)} of its {message.size} bytes were kept: send it anew")
    try:
        quarantine.replay(message)
        audit.note("replay message", message.pk, before={"state": "open"}, after={"state": "replayed"})
    except UnknownJobError as error:
        raise RefusedError(f"{error}: deploy the code that has it first") from error
    except BROKER_FAULTS as error:
        raise RefusedError(f"the broker did not take it: {error}") from error


def discard_message(message: BadMessage) -> None:
    """Close the message without sending it again.

    Raises: RefusedError when it is closed already.
    """
    _check_open(message)
    quarantine.discard(message)
    audit.note("discard message", message.pk, before={"state": "open"}, after={"state": "discarded"})


def _check_open(message: BadMessage) -> None:
    if message.replayed_at or message.discarded_at:
        raise RefusedError(f"message {message.pk} was {'replayed' if message.replayed_at else 'discarded'} already")
