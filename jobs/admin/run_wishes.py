"""What a person may ask of one run on its page: cancel, run now, retry, discard, tell me; by POST, by those who may."""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from jobs import operations, queries
from jobs.errors import DaybookError
from jobs.markup import as_json, state_badge
from jobs.models import Run
from jobs.states import State

_MAY_OPERATE, _MAY_LOOK = "jobs.change_run", "jobs.view_run"
_TELL_ME = "tell-me"


class ArgumentsForm(forms.Form):
    """A run's arguments as one JSON object."""

    arguments = forms.CharField(
        label="Arguments", strip=False, widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"})
    )

    def clean_arguments(self) -> dict[str, Any]:
        """Refuse what is no JSON object."""
        try:
            value = json.loads(self.cleaned_data["arguments"])
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise forms.ValidationError('This must be a JSON object: {"name": value}.')
        return value


def urls_of_wishes(site: admin.AdminSite) -> list[URLPattern]:
    """Return the addresses under which runs take wishes."""
    return [
        path("<uuid:run_id>/wish/", site.admin_view(_wish), name="jobs_run_wish"),
        path("<uuid:run_id>/retry/", site.admin_view(_retry_page), name="jobs_run_retry"),
    ]


def may_operate(request: HttpRequest) -> bool:
    """Whether who asks may change what runs."""
    return bool(request.user.has_perm(_MAY_OPERATE))


def wishes_for(run: Run) -> list[str]:
    """Return which wishes the run's state allows: cancel, run-now, retry, discard."""
    state = State(run.state)
    allowed = {
        "run-now": state in {State.SCHEDULED, State.RETRYING} and run.run_at > timezone.now(),
        "cancel": not state.is_final and not run.cancel_requested_at,
        "retry": state in {State.FAILED, State.CANCELLED},
        "discard": state == State.FAILED and run.resolved_at is None,
    }
    return [wish for wish, is_allowed in allowed.items() if is_allowed]


def may_be_told(run: Run) -> bool:
    """Whether somebody who looks at the run may ask to be told of its end."""
    return not State(run.state).is_final and operations.can_tell_of_ends()


def _wish(request: HttpRequest, run_id: UUID) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wish = request.POST.get("wish", "")
    if not (request.user.has_perm(_MAY_LOOK) if wish == _TELL_ME else may_operate(request)):
        raise PermissionDenied
    try:
        said = _fulfil(wish, queries.find_run(run_id), by=cast("AbstractBaseUser", request.user))
    except DaybookError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("admin:jobs_run_change", run_id)


def _fulfil(wish: str, run: Run, *, by: AbstractBaseUser) -> str:
    match wish:
        case "tell-me":
            operations.tell_when_ended([run], user=by)
            return "You will be told when it ends."
        case "cancel":
            [run] = operations.cancel([run], by=str(by))
            return "Cancelled." if run.state == State.CANCELLED else "Asked to stop."
        case "run-now":
            operations.start_now([run])
            return "Starts now."
        case "retry":
            operations.retry([run])
            return "Enqueued again."
        case "discard":
            operations.discard([run])
            return "Discarded."
    raise DaybookError(f"There is no wish {wish!r}.")


def _retry_page(request: HttpRequest, run_id: UUID) -> HttpResponse:
    if not may_operate(request):
        raise PermissionDenied
    try:
        run = queries.find_run(run_id)
        shown = operations.shown_arguments(run)
    except DaybookError as error:
        messages.error(request, str(error))
        return redirect("admin:jobs_run_change", run_id)
    form = ArgumentsForm(request.POST or None, initial={"arguments": as_json(shown)})
    if request.method == "POST" and form.is_valid():
        try:
            edits, dropped = operations.differences(run, form.cleaned_data["arguments"])
            operations.retry([run], edits=edits, dropped=dropped)
        except DaybookError as error:
            form.add_error("arguments", str(error))
        else:
            messages.success(request, "Enqueued again with these arguments." if edits or dropped else "Enqueued again.")
            return redirect("admin:jobs_run_change", run_id)
    context = {
        **admin.site.each_context(request),
        "title": f"Retry {run.job}",
        "opts": Run._meta,  # noqa: SLF001 - Django's documented way to a model's names
        "run": run,
        "badge": state_badge(run.state),
        "form": form,
        "back": reverse("admin:jobs_run_change", args=[run_id]),
    }
    return TemplateResponse(request, "admin/jobs/run/retry.html", context)
