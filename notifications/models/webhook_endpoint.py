"""Where a program is told that runs ended: which jobs, which states, and how deliveries to it go."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from jobs.encryption import EncryptedJSONField
from jobs.states import FINAL
from notifications.channels.signing import new_secret
from notifications.outside.guard import ForbiddenAddressError, target_of


def check_url(url: str) -> None:
    """Refuse what is no plain web address; where its name leads is checked when something is sent."""
    try:
        target_of(url)
    except ForbiddenAddressError as error:
        raise ValidationError(str(error)) from None


def check_states(states: object) -> None:
    """Refuse what is no list of final states."""
    known = sorted(FINAL)
    if not isinstance(states, list) or not all(each in known for each in states):
        raise ValidationError(f"a list of: {', '.join(known)}")


def check_names(names: object) -> None:
    """Refuse what is no list of words."""
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise ValidationError('a list of names, such as ["ingest_emails"]')


class WebhookEndpoint(models.Model):
    """One receiver of run events."""

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=320, validators=[check_url])
    secret = EncryptedJSONField(default=new_secret, help_text="Signs what is sent; kept encrypted.")
    jobs = models.JSONField(default=list, blank=True, validators=[check_names], help_text="Names; empty: all jobs.")
    states = models.JSONField(
        default=list, blank=True, validators=[check_states], help_text='Such as ["FAILED"]; empty: all final states.'
    )
    is_active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="No delivery has succeeded since then.")
    disabled_reason = models.CharField(max_length=200, blank=True, default="", help_text="Why it is not active.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def wants(self, job: str, state: str) -> bool:
        """Return whether it is told when a run of this job ends in this state."""
        return (not self.jobs or job in self.jobs) and (not self.states or state in self.states)


class RunWish(models.Model):
    """A user's wish to be told when a run ends."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="run_wishes", db_index=False
    )
    run_id = models.UUIDField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "run_id"], name="run_wish_once")]

    def __str__(self) -> str:
        return str(self.run_id)
