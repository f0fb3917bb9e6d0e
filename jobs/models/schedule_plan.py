"""What the planner knows of a schedule beyond django-celery-beat: when it fires next, and what a late fire means."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django_celery_beat.models import PeriodicTask


class SchedulePlan(models.Model):
    """The plan of one PeriodicTask; made by the planner, policies edited by operators."""

    schedule = models.OneToOneField(PeriodicTask, primary_key=True, on_delete=models.CASCADE, related_name="plan")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="schedules"
    )
    rule = models.CharField(max_length=300, help_text="The rule that next_fire_at was computed from.")
    next_fire_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="Empty: it never fires.")
    last_fire_at = models.DateTimeField(null=True, blank=True)
    grace_seconds = models.PositiveIntegerField(default=300, help_text="A fire noticed later than this is MISSED.")
    declared = models.BooleanField(default=False, help_text="Comes from @job(schedule=...).")

    def __str__(self) -> str:
        return str(self.schedule)
