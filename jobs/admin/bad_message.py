"""Quarantined messages in the admin: what came, what is wrong with it, and its bytes."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import as_json, badge, clipped, code, moment, two_lines
from jobs.models import BadMessage
from jobs.phrases import size_words
from jobs.wire import masked

SHOWN_BYTES = 4000


@admin.register(BadMessage)
class BadMessageAdmin(ReadOnlyAdmin[BadMessage]):
    """Quarantined messages, to look at."""

    list_display = ["name_and_queue", "wrong", "found", "bytes", "received", "state"]
    list_filter = ["reason"]
    search_fields = ["job", "task_id"]
    ordering = ["-id"]
    fields = [("wrong", "state"), "detail", ("job", "task_id"), ("queue", "received", "bytes"), "content_type",
              "headers_shown", "body_shown"]  # fmt: skip
    readonly_fields = ["wrong", "state", "received", "bytes", "headers_shown", "body_shown"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadMessage]:
        """Leave the bytes in the database until one message is opened."""
        return super().get_queryset(request).defer("body")

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

    @admin.display(description="Bytes")
    def body_shown(self, message: BadMessage) -> SafeString:
        """Return the beginning of the bytes, as text."""
        return code(str(message.body[:SHOWN_BYTES], "utf-8", "backslashreplace"))
