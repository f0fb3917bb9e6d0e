"""The page of dead letters: grouped by what went wrong; replayed one, carefully or all, or discarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from jobs import dead_letters, operations
from jobs.admin.run_wishes import may_operate
from jobs.markup import link
from jobs.models.run import Cause

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_MOST_GROUPS = 100


def urls_of_dead_letters(site: admin.AdminSite) -> list[URLPattern]:
    """Return the address of the page."""
    return [path("dead-letters/", site.admin_view(_page), name="jobs_run_dead_letters")]


def _page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("jobs.view_run"):
        raise PermissionDenied
    if request.method == "POST":
        if not may_operate(request):
            raise PermissionDenied
        _fulfil(request)
        return redirect(request.path)
    groups = dead_letters.groups(limit=_MOST_GROUPS)
    runs = reverse("admin:jobs_run_changelist")
    context = {
        **admin.site.each_context(request),
        "title": "Dead letters",
        "content_title": "Dead letters",
        "groups": groups,
        "is_cut": len(groups) == _MOST_GROUPS,
        "runs_page": runs,
        "may_operate": may_operate(request),
    }
    return TemplateResponse(request, "admin/jobs/run/dead_letters.html", context)


def _fulfil(request: HttpRequest) -> None:
    fingerprint, job = request.POST.get("fingerprint", ""), request.POST.get("job", "")
    if not job or not dead_letters.matching(fingerprint=fingerprint, job=job).exists():
        messages.error(request, "These dead letters are gone: somebody replayed or discarded them.")
        return
    match request.POST.get("wish"):
        case "one":
            count = operations.replay_dead_letters(fingerprint=fingerprint, job=job, limit=1)
            messages.success(request, f"{job}: replayed {count}.")
        case "canary":
            _by_a_run(request, fingerprint, job, operations.CAREFUL_STEPS)
        case "all":
            _by_a_run(request, fingerprint, job, ())
        case "discard":
            count = operations.discard_dead_letters(fingerprint=fingerprint, job=job)
            messages.success(request, f"{job}: discarded {count}.")
        case wish:
            messages.error(request, f"There is no wish {wish!r}.")


def _by_a_run(request: HttpRequest, fingerprint: str, job: str, steps: tuple[int, ...]) -> None:
    run = operations.replay_carefully(
        fingerprint=fingerprint, job=job, steps=steps, cause=Cause.ADMIN, owner=cast("User", request.user)
    )
    how = f"{', '.join(map(str, steps))}, then the rest, as long as none fails again" if steps else "all of them"
    messages.success(request, format_html("{}: {} replays {}.", job, link(run, "a run"), how))
