"""send_otp_email: a one-time code to an address; the code rests encrypted in the run and is nowhere else."""

from __future__ import annotations

from jobs import PermanentError, Retry, current_run, job
from notifications.carrying import carry
from notifications.composing.wording import DAYS, written


@job(queue="email", priority=9, retry=Retry(3, wait=4, max_wait=60), sensitive=("code",))
def send_otp_email(*, address: str, code: str, language: str = "en") -> str:
    """Send the code at most once and return its delivery's state: sent or unknown."""
    if language not in DAYS:
        raise PermanentError(f"no texts in {language!r}; there are: {', '.join(DAYS)}")
    return carry(
        key=f"send_otp_email:{current_run().id}",
        address=address,
        compose=lambda: written("otp", language, {"code": code}),
        title="One-time code",
        language=language,
    )
