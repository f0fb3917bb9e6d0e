"""What a model understood of each mail, in the admin; to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ingestion.models import Classification
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import NOTHING, badge, clipped, link, moment, nowrap, run_link, two_lines

IMPORTANCE_TONES = {"low": "quiet", "normal": "info", "high": "bad"}


@admin.register(Classification)
class ClassificationAdmin(ReadOnlyAdmin[Classification]):
    """Classifications."""

    list_display = ["mail_and_summary", "importance_badge", "labels_shown", "due", "automated", "model", "made"]
    list_filter = ["importance", "is_automated", "model"]
    list_select_related = ["mail"]
    search_fields = ["mail__subject", "summary"]
    ordering = ["-id"]
    fields = ["mail_link", "importance_badge", "summary", "todo", "labels_shown", "due", "is_automated", "why", "model",
              "run", "made"]  # fmt: skip
    readonly_fields = ["mail_link", "importance_badge", "todo", "labels_shown", "due", "why", "run", "made"]

    @admin.display(description="Mail", ordering="mail__subject")
    def mail_and_summary(self, classification: Classification) -> SafeString:
        """Return the subject over the summary."""
        return two_lines(clipped(str(classification.mail)), clipped(classification.summary))

    @admin.display(description="Importance", ordering="importance")
    def importance_badge(self, classification: Classification) -> SafeString:
        """Return the importance's badge."""
        return importance_badge(classification)

    @admin.display(description="Labels")
    def labels_shown(self, classification: Classification) -> str:
        """Return the labels."""
        return ", ".join(classification.labels) or NOTHING

    @admin.display(description="Deadline", ordering="deadline")
    def due(self, classification: Classification) -> SafeString:
        """Return by when something is expected."""
        return deadline(classification)

    @admin.display(description="Automated", boolean=True, ordering="is_automated")
    def automated(self, classification: Classification) -> bool:
        """Return whether no person wrote it."""
        return classification.is_automated

    @admin.display(description="Classified", ordering="created_at")
    def made(self, classification: Classification) -> SafeString:
        """Return how long ago."""
        return moment(classification.created_at)

    @admin.display(description="Mail")
    def mail_link(self, classification: Classification) -> SafeString:
        """Return a link to the mail."""
        return link(classification.mail)

    @admin.display(description="Action items")
    def todo(self, classification: Classification) -> SafeString:
        """Return what the owner is asked to do."""
        return lines(classification.action_items)

    @admin.display(description="Why")
    def why(self, classification: Classification) -> SafeString:
        """Return the model's reasons."""
        return lines(classification.reasons)

    @admin.display(description="Run")
    def run(self, classification: Classification) -> SafeString:
        """Return a link to the run that classified it."""
        return run_link(classification.run_id)


def importance_badge(classification: Classification | None) -> SafeString:
    """Return the badge of a mail's importance."""
    if classification is None:
        return badge("Not classified", tone="quiet")
    return badge(classification.importance.capitalize(), tone=IMPORTANCE_TONES[classification.importance])


def deadline(classification: Classification | None) -> SafeString:
    """Return the deadline: the day alone where no hour is known."""
    if classification is None or classification.deadline is None:
        return NOTHING
    if classification.deadline_is_day:
        return nowrap(f"{classification.deadline:%Y-%m-%d}")
    return two_lines(nowrap(f"{classification.deadline:%Y-%m-%d %H:%M} UTC"), moment(classification.deadline))


def lines(texts: list[str]) -> SafeString:
    """Return the texts one below the other."""
    return format_html_join("", "<div>{}</div>", ((text,) for text in texts)) if texts else NOTHING
