"""What follows an attempt, decided from the error and the policy alone; pure, acted on by the attempt."""

from __future__ import annotations

import hashlib
import re
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.errors import Cancelled, Interrupted, Snooze
from jobs.policies import Retry
from jobs.veil import veiled

LOST = "LOST"
TIMEOUT = "TIMEOUT"
INFRASTRUCTURE_ATTEMPTS = 10
_LONGEST_WAIT_SECONDS = 366 * 86_400.0
_VARIABLE_PARTS = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+|'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Again:
    """Another attempt at `at`; `spends` says whether this one counts against the policy."""

    at: datetime
    spends: bool = True
    reason: str = ""
    is_infrastructure: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """No further attempt: a dead letter."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancelled by a person."""


Outcome = Again | Fail | Stop


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as the run's row keeps it."""

    kind: str
    message: str
    fingerprint: str
    trace: str = ""
    is_infrastructure: bool = False
    path: str = ""


def decide(
    error: BaseException, *, retry: Retry, attempt: int, now: datetime, is_infrastructure: bool = False, faults: int = 0
) -> Outcome:
    """Return what follows attempt number `attempt` that ended in `error`; `faults` are infrastructure faults so far."""
    match error:
        case Snooze():
            return Again(error.until(now), spends=False, reason=str(error))
        case Interrupted():
            return Again(now, spends=False, reason="interrupted by a shutdown")
        case Cancelled():
            return Stop()
    if is_infrastructure and faults < INFRASTRUCTURE_ATTEMPTS:
        return Again(
            now + retry.backoff(min(faults + 1, 4)), spends=False, reason="infrastructure fault", is_infrastructure=True
        )
    if not retry.allows(error, attempt=attempt):
        return Fail()
    wanted = _wanted_wait(error)
    return Again(
        now + (retry.backoff(attempt) if wanted is None else wanted), reason=f"retry after {type(error).__name__}"
    )


def describe(error: BaseException, *, trace: str | None = None, is_infrastructure: bool = False) -> Failure:
    """Return the error as kind, message and fingerprint; alike errors of one place share the fingerprint."""
    kind = TIMEOUT if "TimeLimitExceeded" in type(error).__name__ else type(error).__qualname__
    message = veiled(storable(_said_by(error)))[:2000]
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].name}" if frames else ""
    text = veiled(storable(trace or "".join(traceback.format_exception(error))))
    return Failure(kind, message, fingerprint(kind, message, place), text, is_infrastructure, path_of(error))


def describe_retried(error: BaseException | None, again: Again | None, *, trace: str = "") -> Failure | None:
    """Describe the failure of an attempt that is followed by another; None when it was no failure but a wish."""
    is_infrastructure = again is not None and again.is_infrastructure
    if error is None or (again is not None and not again.spends and not is_infrastructure):
        return None
    return describe(error, trace=trace, is_infrastructure=is_infrastructure)


def path_of(error: BaseException) -> str:
    """Return where the error's class can be imported from."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def fingerprint(kind: str, message: str, place: str = "") -> str:
    """Return 16 hex digits that stay the same while only numbers, ids and quoted parts of the message change."""
    shape = _VARIABLE_PARTS.sub("#", message)
    return hashlib.sha256(f"{kind}|{shape}|{place}".encode()).hexdigest()[:16]


def _wanted_wait(error: BaseException) -> timedelta | None:
    """Return the error's `retry_after`, where it is a number of seconds; servers and clients put anything there."""
    try:
        seconds = float(getattr(error, "retry_after", None))  # type: ignore[arg-type]
        return timedelta(seconds=seconds) if 0 <= seconds <= _LONGEST_WAIT_SECONDS else None
    except (TypeError, ValueError):
        return None


def _said_by(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return f"<{type(error).__name__} without a readable message>"


def storable(text: str) -> str:
    """Return the text without what a database refuses: NUL and lone surrogates."""
    return text.replace("\x00", "").encode(errors="replace").decode()
