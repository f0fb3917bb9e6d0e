"""The journal of edits that beat has not planned yet; triggers in the database write it, whoever edits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.db.models.functions import Now


class ScheduleEditQuerySet(models.QuerySet["ScheduleEdit"]):
    """The question asked of edits."""

    def first_of(self, schedule_ids: Collection[int]) -> dict[int, datetime]:
        """Return by schedule when it was first edited since it was planned; journalled in another order, maybe."""
        rows = self.filter(schedule_id__in=schedule_ids).order_by().values_list("schedule_id")
        return dict(rows.annotate(models.Min("edited_at")))


class ScheduleEdit(models.Model):
    """One edit of a schedule, its rule or its plan; deleted once planned."""

    id = models.BigAutoField(primary_key=True)
    # No foreign key: the schedule may be gone by the time beat looks, and the triggers shall lock nothing.
    schedule_id = models.IntegerField()
    edited_at = models.DateTimeField(db_default=Now())
    is_resume = models.BooleanField(db_default=False, help_text="It was paused before.")

    objects = ScheduleEditQuerySet.as_manager()

    def __str__(self) -> str:
        return f"edit {self.pk} of schedule {self.schedule_id}"
