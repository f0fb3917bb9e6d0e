"""The overview: how the jobs do at a glance, for an hour, a day or a week; every figure from tallies or an index."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from jobs import dead_letters, queries
from jobs.admin.attention import matters
from jobs.bars import Bar, chart
from jobs.markup import badge, state_badge
from jobs.models import Worker

PERIODS = {
    "1h": ("hour", timedelta(hours=1), 30),
    "24h": ("24 hours", timedelta(hours=24), 24),
    "7d": ("7 days", timedelta(days=7), 28),
}
SHOWN = 8
_WORKER_TONES = {"alive": "good", "late": "warn", "stopped": "quiet", "lost": "bad"}


def urls_of_overview(site: admin.AdminSite) -> list[URLPattern]:
    """Return the address of the page."""
    return [path("overview/", site.admin_view(_page), name="jobs_run_overview")]


def _page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("jobs.view_run"):
        raise PermissionDenied
    context = _figures(request.GET.get("period", ""))
    if request.headers.get("X-Part"):
        return TemplateResponse(request, "admin/jobs/run/overview_part.html", context)
    context |= {**admin.site.each_context(request), "title": "Overview", "content_title": "Overview"}
    return TemplateResponse(request, "admin/jobs/run/overview.html", context)


def _figures(wanted: str) -> dict[str, Any]:
    chosen = wanted if wanted in PERIODS else "1h"
    words, period, steps = PERIODS[chosen]
    seen = queries.overview(period=period, limit=SHOWN)
    bars = [_bar(point) for point in queries.series(period=period, steps=steps)]
    dead = dead_letters.groups(limit=SHOWN)
    return {
        "matters": matters(seen, dead),
        "periods": [{"key": key, "words": each[0], "active": key == chosen} for key, each in PERIODS.items()],
        "words": words,
        "overall": seen.ended,
        "chart": chart(bars, title=f"Runs that ended in the last {words}"),
        "first_bar": bars[0].label,
        "most": max(bar.succeeded + bar.failed + bar.others for bar in bars),
        "jobs": seen.jobs,
        "queues": seen.queues,
        "running": [{"run": run, "seconds": queries.run_seconds(run)} for run in seen.running],
        "dead": dead,
        "failed": [{"run": run, "badge": state_badge(run.state)} for run in seen.failed],
        "schedules": queries.next_schedules(limit=SHOWN),
        "workers": [_worker(worker, seen) for worker in seen.workers],
        "now": seen.at,
    }


def _bar(point: queries.Point) -> Bar:
    local = timezone.localtime(point.start)
    return Bar(f"{local:%a %H:%M}", point.succeeded, point.failed, point.others)


def _worker(worker: Worker, seen: queries.Overview) -> dict[str, Any]:
    state = queries.worker_state(worker)
    age = (seen.at - worker.started_at).total_seconds()
    return {"worker": worker, "badge": badge(state.capitalize(), tone=_WORKER_TONES[state]), "age_seconds": age}
