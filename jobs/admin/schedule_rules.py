"""The rows that schedules share as rules: reached from a schedule, kept while one uses them, edits on the record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from jobs import operations
from jobs.admin.asking import asker_of
from jobs.admin.recorded import Recorded
from jobs.admin.themed import ModelAdmin, ModelForm
from jobs.markup import link

_LISTED = 20

admin.site.unregister([CrontabSchedule, IntervalSchedule, SolarSchedule, ClockedSchedule])


class RuleForm(ModelForm[Any]):
    """A rule that comes true at some time."""

    def clean(self) -> dict[str, Any]:
        """Refuse the 31st of February."""
        cleaned = super().clean() or {}
        if not self.errors:
            row = type(self.instance)(**{name: value for name, value in cleaned.items() if name in self.fields})
            problem = operations.problem_of_row(row, now=timezone.now())
            if problem:
                raise forms.ValidationError(problem[:1].upper() + problem[1:])
        return cleaned


class RuleAdmin(Recorded, ModelAdmin[Any]):
    """Rules that schedules share; not in the menu."""

    form = RuleForm
    list_display = ["__str__", "schedules"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rules with the number of their schedules."""
        column = f"{self.opts.model_name}".removesuffix("schedule")
        users = PeriodicTask.objects.filter(**{column: OuterRef("pk")}).order_by().values(column)
        count = Subquery(users.annotate(rows=Count("pk")).values("rows"), output_field=IntegerField())
        rows: QuerySet[Any] = super().get_queryset(request).annotate(users=Coalesce(count, 0))
        return rows

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep it out of the index."""
        return {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write down what the edit means for every schedule that uses the rule."""
        with operations.rule_on_record(obj, by=asker_of(request)):
            super().save_model(request, obj, form, change)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Protect rules that schedules use: deleting one would delete them too."""
        rows = list(objs)
        users = operations.schedules_using(rows)
        protected: list[SafeString | str] = [link(user, user.name) for user in users[:_LISTED]]
        if (count := users.count()) > _LISTED:
            protected.append(f"and {count - _LISTED:,} more schedules")
        return [str(row) for row in rows[:_LISTED]], {"rules": len(rows)}, set(), protected

    @admin.display(description="Schedules")
    def schedules(self, row: Any) -> int:
        """Return how many schedules use it."""
        return int(row.users)


@admin.register(CrontabSchedule)
class CrontabAdmin(RuleAdmin):
    """Crontabs."""

    list_display = ["__str__", "human_readable", "timezone", "schedules"]
    fields = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone"]
    search_fields = ["minute", "hour", "timezone"]


@admin.register(IntervalSchedule)
class IntervalAdmin(RuleAdmin):
    """Intervals."""

    search_fields = ["every", "period"]


@admin.register(ClockedSchedule)
class ClockedAdmin(RuleAdmin):
    """Moments."""

    search_fields = ["clocked_time"]


@admin.register(SolarSchedule)
class SolarAdmin(RuleAdmin):
    """Events of the sun."""

    search_fields = ["event"]
