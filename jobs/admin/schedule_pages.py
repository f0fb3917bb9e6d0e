"""Pages beside the form of a schedule: its preview, wishes, history with reverts, and the backfill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from jobs import operations, queries
from jobs.admin.asking import asker_of
from jobs.admin.schedule_cells import fire_cell, last_run_cell, local_words, state_cell
from jobs.errors import DaybookError, RuleError
from jobs.markup import as_json

PREVIEWED = 10
_SHOWN_FIRES = 500


class RangeForm(forms.Form):
    """A range of past fire times, by the site's clock."""

    first = forms.SplitDateTimeField(label="From", widget=UnfoldAdminSplitDateTimeWidget)
    until = forms.SplitDateTimeField(label="To", widget=UnfoldAdminSplitDateTimeWidget)


def urls_of_schedules(model_admin: ModelAdmin[PeriodicTask]) -> list[URLPattern]:
    """Return the addresses of these pages."""
    wrapped = model_admin.admin_site.admin_view
    pages = {
        "preview/": (_preview, "preview_new"),
        "<int:pk>/preview/": (_preview, "preview"),
        "<int:pk>/wish/": (_wish, "wish"),
        "<int:pk>/backfill/": (_backfill, "backfill"),
        "change/<int:change>/revert/": (_revert, "revert"),
    }
    return [
        path(route, wrapped(partial(view, model_admin)), name=f"jobs_schedule_{name}")
        for route, (view, name) in pages.items()
    ]


@dataclass(frozen=True)
class Titled:
    """A schedule as the theme's header names it: without its rule, which the page says below."""

    pk: int
    name: str
    _meta = PeriodicTask._meta  # noqa: SLF001 - the theme's header asks for it

    def __str__(self) -> str:
        return self.name


def schedule_facts(schedule: PeriodicTask) -> dict[str, Any]:
    """Return what the page says above the form."""
    last, now = queries.last_runs([schedule.pk]), timezone.now()
    (known,) = queries.describe_schedules([schedule], last=last)
    return {
        "schedule": schedule,
        "original": Titled(schedule.pk, schedule.name),
        "known": known,
        "badge": state_cell(schedule),
        "next_fire": fire_cell(schedule, now=now),
        "last_run": last_run_cell(schedule, last.get(schedule.pk), now=now),
        "arguments": as_json([*known.args, known.kwargs] if known.args else known.kwargs),
    }


def _preview(model_admin: ModelAdmin[PeriodicTask], request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Answer the form as it stands, unsaved, with the fire times that it would give."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    schedule = _found(model_admin, request, pk) if pk else None
    allowed = model_admin.has_change_permission(request, schedule) if pk else model_admin.has_add_permission(request)
    if not allowed:
        raise PermissionDenied
    form: Any = model_admin.get_form(request, schedule, change=pk is not None)(request.POST, instance=schedule)
    form.is_valid()
    context: dict[str, Any] = {"faults": [fault for name in _OF_RULE for fault in form.errors.get(name, [])]}
    if not context["faults"]:
        try:
            candidate = form.candidate()
            fires = queries.shown_fires(candidate, count=PREVIEWED)
            context["fires"] = [
                {"words": f"{fire.local:%a %Y-%m-%d %H:%M:%S %Z}", "at": fire.at, "note": fire.note} for fire in fires
            ]
        except (RuleError, operations.BadScheduleError) as error:
            context["faults"] = [str(error)]
    return TemplateResponse(request, "admin/jobs/schedule/preview.html", context)


_OF_RULE = ("rule", "zone", "start_time", "end_at", "crontab", "interval", "clocked", "solar")


def _wish(model_admin: ModelAdmin[PeriodicTask], request: HttpRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    schedule, wish = _found(model_admin, request, pk), request.POST.get("wish", "")
    permission = model_admin.has_add_permission if wish == "duplicate" else model_admin.has_change_permission
    if not permission(request):
        raise PermissionDenied
    try:
        said, target = _fulfil(wish, schedule, asker_of(request))
    except (DaybookError, ValueError) as error:
        messages.error(request, str(error))
        return redirect(_page(schedule))
    messages.success(request, said)
    return redirect(target)


def _fulfil(wish: str, schedule: PeriodicTask, by: operations.Asker) -> tuple[str, str]:
    """Do as wished; returns what was done and the page to show then."""
    match wish:
        case "pause":
            operations.pause_schedule(schedule, by=by)
            return "It is paused.", _page(schedule)
        case "resume":
            operations.resume_schedule(schedule, by=by)
            return "It fires again.", _page(schedule)
        case "run-now":
            run = operations.run_schedule_now(schedule, by=by)
            return f"Enqueued run {run.pk}.", reverse("admin:jobs_run_change", args=[run.pk])
        case "duplicate":
            copy = operations.duplicate_schedule(schedule, by=by)
            return "This is the copy, paused.", _page(copy)
    raise DaybookError(f"There is no wish {wish!r}.")


def _page(schedule: PeriodicTask) -> str:
    return reverse("admin:django_celery_beat_periodictask_change", args=[schedule.pk])


def _revert(model_admin: ModelAdmin[PeriodicTask], request: HttpRequest, change: int) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not model_admin.has_change_permission(request):
        raise PermissionDenied
    try:
        schedule = operations.revert_change(queries.find_change(change), by=asker_of(request))
    except DaybookError as error:
        messages.error(request, str(error))
        return redirect("admin:django_celery_beat_periodictask_changelist")
    messages.success(request, f"Change {change} is taken back.")
    return redirect("admin:django_celery_beat_periodictask_history", schedule.pk)


def _backfill(model_admin: ModelAdmin[PeriodicTask], request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a range, say how many runs it lacks, and enqueue them when that number is confirmed."""
    schedule = _found(model_admin, request, pk)
    if not model_admin.has_change_permission(request, schedule):
        raise PermissionDenied
    now = timezone.now().replace(second=0, microsecond=0)
    form = RangeForm(request.POST or None, initial={"first": now - timedelta(days=1), "until": now})
    wanted = None
    if request.method == "POST" and form.is_valid():
        first, until = form.cleaned_data["first"], form.cleaned_data["until"]
        try:
            wanted = queries.backfill_of(schedule, first=first, until=until)
            confirmed = request.POST.get("confirmed", "")
            if confirmed.isdecimal():
                count = operations.backfill(
                    schedule, first=first, until=until, confirmed=int(confirmed), by=asker_of(request)
                )
                messages.success(request, f"Enqueued {count} runs.")
                return redirect(_page(schedule))
        except (DaybookError, RuleError) as error:
            form.add_error(None, str(error))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Backfill {schedule.name}",
        "opts": model_admin.opts,
        "schedule": schedule,
        "form": form,
        "wanted": wanted,
        "fires": _in_zone(wanted.fires[:_SHOWN_FIRES], schedule) if wanted else [],
        "media": model_admin.media + form.media,
    }
    return TemplateResponse(request, "admin/jobs/schedule/backfill.html", context)


def _in_zone(fires: list[datetime], schedule: PeriodicTask) -> list[str]:
    return [local_words(fire, schedule) for fire in fires]


def _found(model_admin: ModelAdmin[PeriodicTask], request: HttpRequest, pk: int) -> PeriodicTask:
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    return queries.schedule_with_id(pk)
