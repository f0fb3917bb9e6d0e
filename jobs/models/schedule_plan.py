"""What the planner knows of a schedule beyond django-celery-beat: when it fires next, and what a late fire means."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django_celery_beat.models import PeriodicTask

from jobs.policies import Misfire, Overlap


class SchedulePlan(models.Model):
    """The plan of one PeriodicTask; made by the planner, policies edited by operators."""

    schedule = models.OneToOneField(PeriodicTask, primary_key=True, on_delete=models.CASCADE, related_name="plan")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="schedules"
    )
    declared = models.BooleanField(default=False, help_text="Comes from @job(schedule=...).")

    declared_rule = models.TextField(
        blank=True, default="", db_default="", help_text="The rule it was last declared with; another is an operator's."
    )

    rule = models.TextField(help_text="The rule that next_fire_at was computed from.")
    phase_at = models.DateTimeField(null=True, blank=True, help_text="Where the phase of an interval starts.")
    next_fire_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="Empty: it never fires.")
    last_fire_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True, help_text="Fires no more after this time.")
    jitter_seconds = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Its runs start up to this much later, each fire time by its own share."
    )

    grace_seconds = models.PositiveIntegerField(default=300, help_text="A fire noticed later than this is MISSED.")
    misfire = models.CharField(
        max_length=10,
        choices=[(each.value, each.words) for each in Misfire],
        default=Misfire.COALESCE.value,
        db_default=Misfire.COALESCE.value,
        help_text="What becomes of fires noticed late.",
    )
    overlap = models.CharField(
        max_length=14,
        choices=[(each.value, each.words) for each in Overlap],
        default=Overlap.ALLOW.value,
        db_default=Overlap.ALLOW.value,
        help_text="What a fire does while a run of the schedule has not ended.",
    )
    failures_to_pause = models.PositiveIntegerField(
        null=True, blank=True, help_text="Pauses after this many failed runs in a row; empty: never."
    )
    failures_in_row = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Failed runs since the last success."
    )
    failures_since = models.DateTimeField(
        null=True, blank=True, help_text="Failures of fires up to this time are not counted."
    )
    paused_reason = models.TextField(
        blank=True, default="", db_default="", help_text="Why it was paused, where no person did it."
    )
    problem = models.TextField(blank=True, default="", db_default="", help_text="Why it can't fire.")
    problem_fires = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Fires that came to nothing by this problem."
    )

    class Meta:
        indexes = [
            models.Index(fields=["failures_in_row"], name="plan_failing", condition=models.Q(failures_in_row__gt=0)),
            models.Index(fields=["problem_fires"], name="plan_with_problem", condition=~models.Q(problem="")),
        ]

    def __str__(self) -> str:
        return str(self.schedule)
