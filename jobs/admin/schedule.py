"""Schedules in the admin: django-celery-beat's rows with the engine's plan, policies and record beside them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_celery_beat.models import PeriodicTask

from jobs import operations, queries
from jobs.admin.asking import asker_of
from jobs.admin.schedule_cells import fire_cell, last_run_cell, rule_cell, state_cell
from jobs.admin.schedule_form import ScheduleForm
from jobs.admin.schedule_list import JobFilter, ScheduleChangeList, StateFilter
from jobs.admin.schedule_pages import Titled, schedule_facts, urls_of_schedules
from jobs.admin.themed import ModelAdmin
from jobs.errors import DaybookError
from jobs.markup import NOTHING, two_lines
from jobs.rule_text import zones

MOST_RUNS_AT_ONCE = 500
_LISTED = 20

admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class ScheduleAdmin(ModelAdmin[PeriodicTask]):
    """Schedules; every edit goes through operations, which check it and write it down."""

    form = ScheduleForm
    list_display = ["name_and_job", "rule", "state", "next_fire", "last_run", "owner"]
    list_filter = [StateFilter, JobFilter, "one_off"]
    list_per_page = 50
    list_select_related = ["interval", "crontab", "solar", "clocked", "plan", "plan__owner"]
    search_fields = ["name", "task", "plan__owner__username"]
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    ordering = ["name"]
    actions = ["pause", "resume", "run_now", "duplicate"]
    autocomplete_fields = ["crontab", "interval", "clocked", "solar"]
    readonly_fields = ["next_fires"]
    change_form_template = "admin/jobs/schedule/change_form.html"
    object_history_template = "admin/jobs/schedule/history.html"
    fieldsets = [
        (None, {"fields": ["name", "task", "enabled", "description"]}),
        ("When", {"fields": ["rule", "zone", "start_time", "end_at", "next_fires"]}),
        ("Arguments", {"fields": ["kwargs"]}),
        (
            "Late and overlapping fires",
            {"fields": ["misfire", "grace_seconds", "overlap", "jitter_seconds", "failures_to_pause"]},
        ),
        ("Delivery", {"fields": ["owner", "queue", "priority"]}),
        (
            "Rarely needed",
            {
                "fields": [
                    *("args", "one_off", "expires", "expire_seconds", "exchange", "routing_key", "headers"),
                    *("crontab", "interval", "clocked", "solar"),
                ],
                "description": "A rule row chosen here is shared with other schedules and takes the rule's place.",
                "classes": ["collapse"],
            },
        ),
    ]

    class Media:
        js = ["jobs/schedule_form.js"]

    def get_urls(self) -> list[URLPattern]:
        """Add the preview, the wishes, the reverts and the backfill."""
        return [*urls_of_schedules(self), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ScheduleChangeList]:
        """Return the list that knows last runs."""
        return ScheduleChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        """Return schedules with all that their pages say."""
        return queries.schedules_with_rules()

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        """Return no fields for those who may only look: the facts above say it all, secrets masked."""
        return self.fieldsets if obj is None or self.has_change_permission(request, obj) else []

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool) -> None:
        """Let operations write what the form asks for."""
        wanted, row, by = form.wanted(), form.rule_row, asker_of(request)
        if change:
            operations.edit_schedule(obj, wanted, by=by, rule=row)
        else:
            obj.pk = operations.add_schedule(wanted, by=by, rule=row).pk

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form with all zones to choose from."""
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "zones": zones()})

    def delete_model(self, request: HttpRequest, obj: PeriodicTask) -> None:
        """Delete one, on the record."""
        operations.remove_schedules([obj], by=asker_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Delete many in a few statements, on the record."""
        operations.remove_schedules(list(queryset), by=asker_of(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the schedules; what goes with them, their plans, is nobody's loss, and runs and history stay."""
        schedules = list(objs)
        names: list[str] = [schedule.name for schedule in schedules[:_LISTED]]
        if len(schedules) > _LISTED:
            names.append(f"and {len(schedules) - _LISTED:,} more")
        return names, {"schedules": len(schedules)}, set(), []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form below what is known of the schedule."""
        try:
            schedule = queries.schedule_with_id(object_id)
        except queries.NoSuchScheduleError:
            return super().change_view(request, object_id, form_url, extra_context)
        context = {**(extra_context or {}), **schedule_facts(schedule), "title": schedule.name}
        return super().change_view(request, object_id, form_url, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed what."""
        found = queries.changes(schedule_id=int(object_id)) if object_id.isdecimal() else []
        shown: dict[str, Any] = {"changes": found, "may_revert": self.has_change_permission(request)}
        if schedule := PeriodicTask.objects.filter(pk=object_id if object_id.isdecimal() else 0).first():
            shown["object"] = Titled(schedule.pk, schedule.name)
        return super().history_view(request, object_id, {**(extra_context or {}), **shown})

    @admin.display(description="Next fires")
    def next_fires(self, schedule: PeriodicTask | None = None) -> SafeString:
        """Return the place of the preview; a script fills it as the rule is typed."""
        page = ("preview", [schedule.pk]) if schedule and schedule.pk else ("preview_new", [])
        url = reverse(f"admin:jobs_schedule_{page[0]}", args=page[1])
        return format_html('<div data-preview-url="{}" aria-live="polite">{}</div>', url, "The preview needs scripts.")

    @admin.display(description="Schedule", ordering="name")
    def name_and_job(self, schedule: PeriodicTask) -> SafeString:
        """Return the name over the job."""
        return two_lines(schedule.name, schedule.task if schedule.task != schedule.name else "")

    @admin.display(description="Rule")
    def rule(self, schedule: PeriodicTask) -> SafeString:
        """Return the rule in words over its zone."""
        return rule_cell(schedule)

    @admin.display(description="State", ordering="enabled")
    def state(self, schedule: PeriodicTask) -> SafeString:
        """Return whether it fires, else why not."""
        return state_cell(schedule)

    @admin.display(description="Next fire", ordering="plan__next_fire_at")
    def next_fire(self, schedule: PeriodicTask) -> SafeString:
        """Return when it fires next by its own clock, and how soon or how overdue."""
        return fire_cell(schedule, now=timezone.now())

    @admin.display(description="Last run", ordering="plan__last_fire_at")
    def last_run(self, schedule: Any) -> SafeString:
        """Return the last run's state, linked, when it was due and how late it started."""
        return last_run_cell(schedule, schedule.last_run, now=timezone.now())

    @admin.display(description="For", ordering="plan__owner__username")
    def owner(self, schedule: PeriodicTask) -> object:
        """Return whose it is."""
        plan = getattr(schedule, "plan", None)
        return plan.owner if plan and plan.owner else NOTHING

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, schedules: QuerySet[PeriodicTask]) -> None:
        """Pause the chosen schedules."""
        chosen = list(schedules)
        changed = operations.pause_schedules(chosen, by=asker_of(request))
        self.message_user(request, f"Paused {changed:,} of {len(chosen):,}.")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, schedules: QuerySet[PeriodicTask]) -> None:
        """Resume the chosen schedules."""
        chosen = list(schedules)
        changed = operations.resume_schedules(chosen, by=asker_of(request))
        self.message_user(request, f"Resumed {changed:,} of {len(chosen):,}.")

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, schedules: QuerySet[PeriodicTask]) -> None:
        """Enqueue one run of each chosen schedule's job."""
        self._each(
            request, schedules, "enqueued run", lambda each: operations.run_schedule_now(each, by=asker_of(request)).pk
        )

    @admin.action(description="Duplicate, paused", permissions=["add"])
    def duplicate(self, request: HttpRequest, schedules: QuerySet[PeriodicTask]) -> None:
        """Add a paused copy of each chosen schedule."""
        self._each(
            request, schedules, "copied to", lambda each: operations.duplicate_schedule(each, by=asker_of(request)).name
        )

    def _each(self, request: HttpRequest, schedules: QuerySet[PeriodicTask], said: str, act: Any) -> None:
        chosen = list(schedules[: MOST_RUNS_AT_ONCE + 1])
        if len(chosen) > MOST_RUNS_AT_ONCE:
            self.message_user(request, f"That is for {MOST_RUNS_AT_ONCE} at once at most.", messages.ERROR)
            return
        done: list[str] = []
        for schedule in chosen:
            try:
                done.append(f"{schedule.name}: {said} {act(schedule)}.")
            except (DaybookError, ValueError) as error:
                self.message_user(request, f"{schedule.name}: {error}", messages.ERROR)
        if done:
            more = f" And {len(done) - _LISTED} more." if len(done) > _LISTED else ""
            self.message_user(request, " ".join(done[:_LISTED]) + more)
