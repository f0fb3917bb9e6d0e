"""What a model understood of threads, and what it cost, in the admin; to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from ingestion.models import Fact, LLMCall, ThreadReview, Todo
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import badge, clipped, moment, run_link, two_lines

OUTCOME_TONES = {"ok": "good", "nonsense": "warn", "error": "bad"}


@admin.register(ThreadReview)
class ThreadReviewAdmin(ReadOnlyAdmin[ThreadReview]):
    """Reviews of threads."""

    list_display = ["thread_and_summary", "category", "sentiment", "model", "made"]
    list_filter = ["category", "sentiment", "model"]
    list_select_related = ["thread"]
    search_fields = ["thread__subject", "summary"]
    ordering = ["-processed_at"]

    @admin.display(description="Thread", ordering="thread__subject")
    def thread_and_summary(self, review: ThreadReview) -> SafeString:
        """Return the subject over the summary."""
        return two_lines(clipped(str(review.thread)), clipped(review.summary))

    @admin.display(description="Processed", ordering="processed_at")
    def made(self, review: ThreadReview) -> SafeString:
        """Return how long ago."""
        return moment(review.processed_at)


@admin.register(Todo)
class TodoAdmin(ReadOnlyAdmin[Todo]):
    """Things to do."""

    list_display = ["text", "owner", "due_at", "is_promise", "done_at"]
    list_filter = ["is_promise"]
    list_select_related = ["owner"]
    search_fields = ["text", "owner__username"]
    ordering = ["-id"]


@admin.register(Fact)
class FactAdmin(ReadOnlyAdmin[Fact]):
    """Facts."""

    list_display = ["text", "kind", "owner", "importance", "relevance", "observed_at"]
    list_filter = ["kind"]
    list_select_related = ["owner"]
    search_fields = ["text", "owner__username"]
    ordering = ["-id"]


@admin.register(LLMCall)
class LLMCallAdmin(ReadOnlyAdmin[LLMCall]):
    """Calls of language models."""

    list_display = ["purpose", "model", "owner", "result", "tokens_in", "tokens_out", "cost", "latency_ms", "run", "at"]
    list_filter = ["outcome", "purpose", "model"]
    list_select_related = ["owner"]
    search_fields = ["owner__username", "correlation_id", "error"]
    ordering = ["-id"]

    @admin.display(description="Outcome", ordering="outcome")
    def result(self, call: LLMCall) -> SafeString:
        """Return how it ended."""
        return badge(call.get_outcome_display().capitalize(), tone=OUTCOME_TONES[call.outcome])

    @admin.display(description="Run")
    def run(self, call: LLMCall) -> SafeString:
        """Return a link to the run that called."""
        return run_link(call.run_id)

    @admin.display(description="When", ordering="created_at")
    def at(self, call: LLMCall) -> SafeString:
        """Return how long ago."""
        return moment(call.created_at)
