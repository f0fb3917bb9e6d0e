"""What people did through the faces: who, what, to which thing, how it was before and after."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from jobs.identifiers import new_run_id


class AuditEntry(models.Model):
    """One act of a person; written in its transaction, never changed."""

    id = models.UUIDField(primary_key=True, default=new_run_id, editable=False)
    at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor = models.CharField(max_length=200, help_text="Who, as a name that stays when the user is gone.")
    face = models.CharField(max_length=10, help_text="admin, api or cli.")
    action = models.CharField(max_length=40)
    target = models.CharField(max_length=200, help_text="To what: a run's id, a queue, a job.")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["-at"], name="audit_newest"),
            models.Index(fields=["target", "-at"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"
