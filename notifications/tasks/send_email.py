"""send_email: one mail to one user, once per run, with the engine's retries."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from jobs import PermanentError, Retry, current_run, job
from notifications.carrying import carry
from notifications.composing import Notice
from notifications.models import Preference


@job(queue="email", retry=Retry(3, wait=4, max_wait=60))
def send_email(*, user_id: int, subject: str, body: str) -> str:
    """Send the mail and return its delivery's state: sent or unknown; the delivery keeps the subject alone."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise PermanentError(f"there is no active user {user_id}")
    preference = Preference.of(user)
    address = preference.address or getattr(user, "email", "")
    if not address:
        raise PermanentError(f"user {user_id} has no address")
    return carry(
        key=f"send_email:{current_run().id}",
        address=address,
        compose=lambda: Notice(subject, body),
        title=subject[:200],
        language=preference.language,
        most_copies=2,
    )
