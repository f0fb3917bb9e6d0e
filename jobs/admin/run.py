"""Runs in the admin: a list that stays quick at any size, and a page that tells one run's life and takes wishes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString

from jobs import queries
from jobs.admin.dead_letters import urls_of_dead_letters
from jobs.admin.keyset_list import KeysetChangeList
from jobs.admin.overview import urls_of_overview
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.admin.run_filters import RUN_FILTERS
from jobs.admin.run_wishes import may_be_told, may_operate, urls_of_wishes, wishes_for
from jobs.markup import NOTHING, as_json, clipped, moment, state_badge, two_lines
from jobs.models import Run
from jobs.phrases import attempts_words, duration_words, size_words
from jobs.states import State

_TABS = [
    ("", "All"),
    ("running", "Running"),
    ("waiting", "Waiting"),
    ("dead", "Dead letters"),
    ("success", "Succeeded"),
]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    """Runs; what may be asked of one is in run_wishes."""

    list_display = ["job_and_id", "badge", "enqueued", "took", "tries", "asked_by", "remark"]
    list_filter = [*RUN_FILTERS]
    list_per_page = 50
    sortable_by = ()
    search_fields = ["id"]
    search_help_text = "Job, run id, correlation id, error fingerprint or user"
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/jobs/run/change_list.html"
    change_form_template = "admin/jobs/run/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the overview and the pages of wishes and of dead letters."""
        further = (urls_of_overview, urls_of_dead_letters, urls_of_wishes)
        return [*(url for urls in further for url in urls(self.admin_site)), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        """Return the list that pages by position."""
        return KeysetChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Return runs as lists need them."""
        return queries.listed()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """Search by what people have at hand, through indexes only."""
        return (queries.search(queryset, search_term) if search_term.strip() else queryset), False  # type: ignore[arg-type]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under tabs for the questions asked most."""
        chosen = request.GET.get("state", "")
        tabs = [{"title": title, "state": state, "active": state == chosen} for state, title in _TABS]
        return super().changelist_view(request, {**(extra_context or {}), "run_tabs": tabs, "title": "Runs"})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one run's life."""
        try:
            known = queries.details(queries.find_run(object_id))
        except queries.NoSuchRunError:
            return super().change_view(request, object_id, form_url, extra_context)
        # A text as `original` keeps the theme's header from repeating the page's own heading.
        context = {**(extra_context or {}), **_page(known), "title": known.run.job, "original": known.run.job}
        context["wishes"] = wishes_for(known.run) if may_operate(request) else []
        context["may_be_told"] = may_be_told(known.run)
        if request.headers.get("X-Part") and self.has_view_permission(request):
            final = {"X-Final": "1"} if context["is_final"] else {}
            return TemplateResponse(request, "admin/jobs/run/run_part.html", context, headers=final)
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description="Job")
    def job_and_id(self, run: Run) -> SafeString:
        """Return the job's name over the end of the run's id, which is the part that differs."""
        return two_lines(run.job, f"{run.queue} · …{str(run.pk)[-12:]}")

    @admin.display(description="State")
    def badge(self, run: Run) -> SafeString:
        """Return the state's badge."""
        return state_badge(run.state)

    @admin.display(description="Enqueued")
    def enqueued(self, run: Run) -> SafeString:
        """Return how long ago."""
        return moment(run.created_at)

    @admin.display(description="Took")
    def took(self, run: Run) -> str:
        """Return the duration of the latest attempt."""
        return duration_words(queries.run_seconds(run)) or NOTHING

    @admin.display(description="Attempts")
    def tries(self, run: Run) -> str:
        """Return attempts so far of those allowed."""
        return attempts_words(run.attempt, most=run.max_attempts) if run.attempt else NOTHING

    @admin.display(description="Asked for by")
    def asked_by(self, run: Run) -> SafeString:
        """Return the owner over the cause."""
        return two_lines(run.owner or "system", run.get_cause_display())

    @admin.display(description="Error or reason")
    def remark(self, run: Run) -> SafeString:
        """Return what went wrong, or why it waits."""
        error = f"{run.error_kind}: {run.error_message}" if run.error_kind else ""
        return clipped(error if error and run.state != "SUCCESS" else run.reason)


def _page(known: queries.RunDetails) -> dict[str, Any]:
    run, now = known.run, timezone.now()
    progress = run.progress or {}
    total = progress.get("total")
    return {
        "run": run,
        "badge": state_badge(run.state),
        "is_final": State(run.state).is_final,
        "known": known,
        "now": now,
        "took": duration_words(queries.run_seconds(run)),
        "waited": duration_words(queries.wait_seconds(run)),
        "cpu": duration_words(run.cpu_seconds),
        "memory": size_words(run.max_rss),
        "attempts": attempts_words(run.attempt, most=run.max_attempts),
        "percent": min(100, round(100 * progress["done"] / total)) if total else None,
        "arguments": as_json([*known.args, known.kwargs] if known.args else known.kwargs),
        "takes_arguments": bool(known.args or known.kwargs),
        "result": as_json(known.result),
        "log": [{"line": line, "fields": _fields(line)} for line in queries.log_of(run)],
        "children": [{"run": child, "badge": state_badge(child.state)} for child in known.children],
    }


def _fields(line: queries.LogLine) -> str:
    return " ".join(f"{name}={value}" for name, value in line.fields.items())
