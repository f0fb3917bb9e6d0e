"""Schedules in the admin: django-celery-beat's rows with the engine's plan beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.widgets import UnfoldAdminSelectWidget

from jobs import operations, registry
from jobs.admin.themed import ModelAdmin, ModelForm, StackedInline
from jobs.errors import DaybookError
from jobs.markup import NOTHING, badge, moment, nowrap, two_lines
from jobs.models import SchedulePlan
from jobs.models.run import Cause
from jobs.schedule_words import rule_words, zone_words

if TYPE_CHECKING:
    from django.contrib.auth.models import User

admin.site.unregister([PeriodicTask, CrontabSchedule, IntervalSchedule, SolarSchedule, ClockedSchedule])


def _job_choices() -> list[tuple[str, str]]:
    return [("", "---------"), *((name, name) for name in registry.registered())]


class ScheduleForm(ModelForm[PeriodicTask]):
    """A schedule whose job exists and whose arguments fit it."""

    task = forms.ChoiceField(label="Job", choices=_job_choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = PeriodicTask
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.task
        field = cast("forms.ChoiceField | None", self.fields.get("task"))
        if field and current and current not in registry.registered():
            field.choices = [*_job_choices(), (current, f"{current} (not known here)")]
        for name in ("description", "kwargs", "args"):
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = 3

    def clean_args(self) -> str:
        """Refuse what is no JSON list."""
        return self._json("args", list, "[]")

    def clean_kwargs(self) -> str:
        """Refuse what is no JSON object."""
        return self._json("kwargs", dict, "{}")

    def clean(self) -> dict[str, Any] | None:
        """Refuse arguments that the job would refuse when the schedule fires."""
        cleaned = super().clean() or {}
        if {"task", "args", "kwargs"} <= cleaned.keys() and not json.loads(cleaned["args"]):
            try:
                operations.check_arguments(cleaned["task"], json.loads(cleaned["kwargs"]))
            except DaybookError as error:
                self.add_error("kwargs", str(error))
        return cleaned

    def _json(self, name: str, kind: type, empty: str) -> str:
        text = self.cleaned_data[name] or empty
        try:
            value = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}") from error
        if not isinstance(value, kind):
            raise forms.ValidationError(f"This must be a JSON {'list' if kind is list else 'object'}.")
        return str(text)


class PlanInline(StackedInline[SchedulePlan, PeriodicTask]):
    """The plan of one schedule: when it fires next is the planner's, the policies are the operator's."""

    model = SchedulePlan
    fields = ("next_fire", "last_fire", "grace_seconds", "owner", "declared")
    readonly_fields = ("next_fire", "last_fire", "declared")
    verbose_name = verbose_name_plural = "Plan"
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the planner makes the plan."""
        return False

    @admin.display(description="Next fire")
    def next_fire(self, plan: SchedulePlan) -> SafeString:
        """Return when it fires next."""
        return _fire(plan.next_fire_at)

    @admin.display(description="Last fire")
    def last_fire(self, plan: SchedulePlan) -> SafeString:
        """Return when it fired last."""
        return _fire(plan.last_fire_at)


@admin.register(PeriodicTask)
class ScheduleAdmin(ModelAdmin[PeriodicTask]):
    """Schedules: an edit takes effect at the planner's next tick."""

    form = ScheduleForm
    inlines = [PlanInline]
    list_display = ["name_and_job", "rule", "zone", "is_enabled", "next_fire", "last_fire", "runs_so_far"]
    list_filter = ["enabled", "one_off"]
    list_select_related = ["interval", "crontab", "solar", "clocked", "plan"]
    search_fields = ["name", "task"]
    ordering = ["name"]
    actions = ["pause", "resume", "run_now"]
    readonly_fields = ["total_run_count"]
    fieldsets = [
        (None, {"fields": ["name", "task", "enabled", "description"]}),
        ("When", {"fields": ["crontab", "interval", "clocked", "solar", "start_time", "one_off"]}),
        ("Arguments", {"fields": ["kwargs", "args"]}),
        (
            "Delivery",
            {"fields": ["queue", "priority", "expires", "expire_seconds", "total_run_count"], "classes": ["collapse"]},
        ),
    ]

    @admin.display(description="Schedule", ordering="name")
    def name_and_job(self, schedule: PeriodicTask) -> SafeString:
        """Return the name over the job."""
        return two_lines(
            schedule.name, schedule.task if schedule.task != schedule.name else schedule.kwargs.strip("{}")
        )

    @admin.display(description="Rule")
    def rule(self, schedule: PeriodicTask) -> str:
        """Return the rule in words."""
        return rule_words(schedule)

    @admin.display(description="Zone")
    def zone(self, schedule: PeriodicTask) -> str:
        """Return the zone of a crontab's wall clock."""
        return zone_words(schedule) or NOTHING

    @admin.display(description="State", ordering="enabled")
    def is_enabled(self, schedule: PeriodicTask) -> SafeString:
        """Return whether it fires."""
        return badge("On", tone="good") if schedule.enabled else badge("Paused", tone="quiet")

    @admin.display(description="Next fire", ordering="plan__next_fire_at")
    def next_fire(self, schedule: PeriodicTask) -> SafeString:
        """Return when it fires next."""
        plan = getattr(schedule, "plan", None)
        return _fire(plan.next_fire_at) if plan and schedule.enabled else NOTHING

    @admin.display(description="Last fire", ordering="plan__last_fire_at")
    def last_fire(self, schedule: PeriodicTask) -> SafeString:
        """Return when it fired last."""
        plan = getattr(schedule, "plan", None)
        return moment(plan.last_fire_at if plan else schedule.last_run_at)

    @admin.display(description="Fires", ordering="total_run_count")
    def runs_so_far(self, schedule: PeriodicTask) -> int:
        """Return how often it has fired."""
        return int(schedule.total_run_count)

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, schedules: QuerySet[PeriodicTask]) -> None:
        """Pause the chosen schedules."""
        changed = sum(operations.pause_schedule(schedule, by=_asker(request)) for schedule in schedules)
        self.message_user(request, f"Paused {changed} of {len(schedules)}.")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, schedules: QuerySet[PeriodicTask]) -> None:
        """Resume the chosen schedules."""
        changed = sum(operations.resume_schedule(schedule, by=_asker(request)) for schedule in schedules)
        self.message_user(request, f"Resumed {changed} of {len(schedules)}.")

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, schedules: QuerySet[PeriodicTask]) -> None:
        """Enqueue one run of each chosen schedule's job."""
        for schedule in schedules:
            try:
                run = operations.run_schedule_now(schedule, by=_asker(request))
            except DaybookError as error:
                self.message_user(request, f"{schedule.name}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{schedule.name}: enqueued run {run.pk}.")


class RuleAdmin(ModelAdmin[Any]):
    """Rules that schedules share; reached from a schedule, not from the menu."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep it out of the index."""
        return {}


@admin.register(CrontabSchedule)
class CrontabAdmin(RuleAdmin):
    """Crontabs."""

    list_display = ["__str__", "human_readable", "timezone"]
    fields = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone"]


admin.site.register([IntervalSchedule, SolarSchedule, ClockedSchedule], RuleAdmin)


def _asker(request: HttpRequest) -> operations.Asker:
    return operations.Asker(cause=Cause.ADMIN, user=cast("User", request.user))


def _fire(at: Any) -> SafeString:
    return two_lines(nowrap(f"{at:%Y-%m-%d %H:%M} UTC"), moment(at)) if at else NOTHING
