"""Queues in the admin: what waits in each, who serves it, the switch that pauses it, and its purge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from jobs import operations, queries
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.models import Queue

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@admin.register(Queue)
class QueueAdmin(ReadOnlyAdmin[Queue]):
    """Queues; those that were never paused have no row and are listed all the same."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show every queue; a POST pauses, resumes or purges one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_operate = request.user.has_perm("jobs.change_queue")
        if request.method == "POST":
            if not may_operate:
                raise PermissionDenied
            self._fulfil(request)
            return redirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": "Queues",
            "opts": self.opts,
            "queues": queries.all_queues(),
            "may_operate": may_operate,
        }
        return TemplateResponse(request, "admin/jobs/queue/overview.html", context)

    def _fulfil(self, request: HttpRequest) -> None:
        name = request.POST.get("queue", "")
        if name not in {queue.name for queue in queries.all_queues()}:
            self.message_user(request, f"There is no queue {name!r}.", "error")
        elif request.POST.get("wish") == "pause":
            changed = operations.pause_queue(name, by=cast("User", request.user))
            self.message_user(request, f"{name} is paused." if changed else f"{name} was paused already.")
        elif request.POST.get("wish") == "purge":
            count = operations.purge_queue(name, by=str(request.user))
            self.message_user(request, f"{name}: cancelled {count}.")
        else:
            changed = operations.resume_queue(name)
            self.message_user(request, f"{name} runs again." if changed else f"{name} was not paused.")
