"""Quarantined messages in the admin: what came, what is wrong with it, its body; replayed or discarded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from jobs import operations
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.errors import DaybookError
from jobs.markup import as_json, badge, clipped, code, moment, two_lines
from jobs.models import BadMessage
from jobs.phrases import size_words
from jobs.quarantine import as_text
from jobs.wire import masked

SHOWN_CHARACTERS = 8000


@admin.register(BadMessage)
class BadMessageAdmin(ReadOnlyAdmin[BadMessage]):
    """Quarantined messages."""

    list_display = ["name_and_queue", "wrong", "found", "bytes", "received", "state"]
    list_filter = ["reason"]
    search_fields = ["job", "task_id"]
    ordering = ["-id"]
    fields = [("wrong", "state"), "detail", ("job", "task_id"), ("queue", "received", "bytes"), "content_type",
              "headers_shown", "body_shown"]  # fmt: skip
    change_form_template = "admin/jobs/badmessage/change_form.html"
    actions = ["replay", "discard"]
    readonly_fields = ["wrong", "state", "received", "bytes", "headers_shown", "body_shown"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadMessage]:
        """Leave the bytes in the database until one message is opened."""
        return super().get_queryset(request).defer("body")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether who asks may replay and discard."""
        return bool(request.user.has_perm("jobs.change_badmessage"))

    def get_urls(self) -> list[URLPattern]:
        """Add the address that takes wishes."""
        wish = self.admin_site.admin_view(self._wish)
        return [path("<uuid:message_id>/wish/", wish, name="jobs_badmessage_wish"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one message, with buttons while it is open."""
        message = self.get_object(request, object_id)
        is_open = message is not None and message.replayed_at is None and message.discarded_at is None
        takes_wishes = is_open and self.has_operate_permission(request)
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "takes_wishes": takes_wishes}
        )

    @admin.action(description="Replay", permissions=["operate"])
    def replay(self, request: HttpRequest, chosen: QuerySet[BadMessage]) -> None:
        """Send the chosen messages to their queues again."""
        self._each(request, chosen, operations.replay_message, "Replayed")

    @admin.action(description="Discard", permissions=["operate"])
    def discard(self, request: HttpRequest, chosen: QuerySet[BadMessage]) -> None:
        """Close the chosen messages."""
        self._each(request, chosen, operations.discard_message, "Discarded")

    def _wish(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_operate_permission(request):
            raise PermissionDenied
        wishes = {"replay": self.replay, "discard": self.discard}
        wish = wishes.get(request.POST.get("wish", ""))
        if wish is None:
            return HttpResponseBadRequest("The wish must be replay or discard.")
        wish(request, BadMessage.objects.filter(pk=message_id))
        return redirect("admin:jobs_badmessage_change", message_id)

    def _each(
        self, request: HttpRequest, chosen: QuerySet[BadMessage], act: Callable[[BadMessage], None], done: str
    ) -> None:
        count = 0
        for message in chosen:
            try:
                act(message)
                count += 1
            except DaybookError as error:
                self.message_user(request, f"{message}: {error}", messages.ERROR)
        if count:
            self.message_user(request, f"{done} {count}.")

    @admin.display(description="Message", ordering="job")
    def name_and_queue(self, message: BadMessage) -> SafeString:
        """Return the job's name over the queue."""
        return two_lines(message.job or "unnamed", message.queue)

    @admin.display(description="What is wrong", ordering="reason")
    def wrong(self, message: BadMessage) -> SafeString:
        """Return the reason's badge."""
        return badge(message.get_reason_display(), tone="bad")

    @admin.display(description="Detail")
    def found(self, message: BadMessage) -> SafeString:
        """Return what exactly was found."""
        return clipped(message.detail)

    @admin.display(description="Size", ordering="size")
    def bytes(self, message: BadMessage) -> str:
        """Return the size as received."""
        return size_words(message.size)

    @admin.display(description="Received", ordering="received_at")
    def received(self, message: BadMessage) -> SafeString:
        """Return how long ago."""
        return moment(message.received_at)

    @admin.display(description="State")
    def state(self, message: BadMessage) -> SafeString:
        """Return whether it still waits for a person."""
        if message.replayed_at:
            return badge("Replayed", tone="good")
        return badge("Discarded", tone="quiet") if message.discarded_at else badge("Open", tone="warn")

    @admin.display(description="Headers")
    def headers_shown(self, message: BadMessage) -> SafeString:
        """Return the headers, what looks like a secret masked."""
        return code(as_json(masked(message.headers)))

    @admin.display(description="Body")
    def body_shown(self, message: BadMessage) -> SafeString:
        """Return the beginning of the body, as text."""
        return code(as_text(message)[:SHOWN_CHARACTERS])
