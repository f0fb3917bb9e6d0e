"""Mails in the admin, with their files and what was understood; to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ingestion.admin.classification import deadline, importance_badge, lines
from ingestion.models import Attachment, Classification, Mail
from ingestion.searching.full_text import mails_with
from ingestion.searching.query import BadQueryError, parse_query
from jobs.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from jobs.markup import NOTHING, badge, clipped, code, link, moment, run_link, two_lines
from jobs.phrases import size_words


class AttachmentInline(ReadOnlyInline[Attachment]):
    """The files of a mail."""

    model = Attachment
    fields = ["filename", "content_type", "bytes", "found_text", "text_error"]
    readonly_fields = ["filename", "content_type", "bytes", "found_text", "text_error"]
    show_change_link = False

    @admin.display(description="Size")
    def bytes(self, attachment: Attachment) -> str:
        """Return the size of the decoded file."""
        return size_words(attachment.size)

    @admin.display(description="Text")
    def found_text(self, attachment: Attachment) -> SafeString:
        """Return the beginning of the text found in it."""
        return clipped(attachment.text)


class BrokenFilter(admin.SimpleListFilter):
    """By whether something in the mail was broken."""

    title, parameter_name = "wholeness", "broken"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the two answers."""
        return [("yes", "Broken"), ("no", "Whole")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:
        """Filter by the chosen answer."""
        match self.value():
            case "yes":
                return queryset.exclude(parse_error="")
            case "no":
                return queryset.filter(parse_error="")
            case _:
                return queryset


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin[Mail]):
    """Mails."""

    list_display = ["sender_and_subject", "importance", "sent", "due", "files", "remarks", "mailbox"]
    list_filter = ["classification__importance", "direction", "language", BrokenFilter, "account"]
    list_select_related = ["account__owner", "thread", "classification"]
    search_fields = ["subject", "sender_name", "sender_address"]
    ordering = ["-sent_at"]
    inlines = [AttachmentInline]
    fieldsets = [
        (None, {"fields": ["subject", ("sender_name", "sender_address"), "to", ("sent", "direction", "language")]}),
        ("Understood", {"fields": ["importance", "summary", "todo", "labels", "due", "why"]}),
        ("Text", {"fields": ["body"]}),
        ("Origin", {"fields": ["account", "conversation", "message_id", "in_reply_to", "received_at", "bytes",
                               "run", "parse_error"]}),
    ]  # fmt: skip
    readonly_fields = ["to", "sent", "importance", "summary", "todo", "labels", "due", "why", "body", "conversation",
                       "bytes", "run"]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mail]:
        """Leave bodies in the database until one mail is opened."""
        return super().get_queryset(request).defer("raw").annotate(file_count=Count("attachments"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Mail], search_term: str
    ) -> tuple[QuerySet[Mail], bool]:
        """Find by words anywhere in mails and their files, where they are indexed; else by subject and sender."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        try:
            terms = parse_query(search_term)
        except BadQueryError:
            return found, may_repeat
        return queryset.filter(Q(pk__in=found.values("pk")) | Q(pk__in=mails_with(terms))), False

    @admin.display(description="Mail", ordering="subject")
    def sender_and_subject(self, mail: Mail) -> SafeString:
        """Return the subject over the sender."""
        return two_lines(clipped(mail.subject or "(no subject)"), mail.sender_name or mail.sender_address)

    @admin.display(description="Importance", ordering="classification__importance")
    def importance(self, mail: Mail) -> SafeString:
        """Return the importance's badge."""
        return importance_badge(_understood(mail))

    @admin.display(description="Deadline", ordering="classification__deadline")
    def due(self, mail: Mail) -> SafeString:
        """Return by when something is expected."""
        return deadline(_understood(mail))

    @admin.display(description="Summary")
    def summary(self, mail: Mail) -> str:
        """Return the summary."""
        understood = _understood(mail)
        return understood.summary if understood else NOTHING

    @admin.display(description="Action items")
    def todo(self, mail: Mail) -> SafeString:
        """Return what the owner is asked to do."""
        understood = _understood(mail)
        return lines(understood.action_items if understood else [])

    @admin.display(description="Labels")
    def labels(self, mail: Mail) -> str:
        """Return the labels."""
        understood = _understood(mail)
        return ", ".join(understood.labels if understood else []) or NOTHING

    @admin.display(description="Why")
    def why(self, mail: Mail) -> SafeString:
        """Return the model's reasons."""
        understood = _understood(mail)
        return lines(understood.reasons if understood else [])

    @admin.display(description="Files", ordering="file_count")
    def files(self, mail: Mail) -> int | SafeString:
        """Return how many files came with it."""
        return getattr(mail, "file_count", 0) or NOTHING

    @admin.display(description="Sent", ordering="sent_at")
    def sent(self, mail: Mail) -> SafeString:
        """Return how long ago."""
        return moment(mail.sent_at)

    @admin.display(description="Remarks")
    def remarks(self, mail: Mail) -> SafeString:
        """Return whether it was sent by the owner, and whether something in it was broken."""
        remarks = [("sent", "quiet")] * (mail.direction == Mail.Direction.OUT) + [("broken", "bad")] * bool(
            mail.parse_error
        )
        return (
            format_html_join(" ", "{}", ((badge(text.capitalize(), tone=tone),) for text, tone in remarks)) or NOTHING
        )

    @admin.display(description="Mailbox", ordering="account")
    def mailbox(self, mail: Mail) -> SafeString:
        """Return whose mailbox it came to."""
        return two_lines(mail.account.owner, clipped(mail.account.address or mail.account.location))

    @admin.display(description="To")
    def to(self, mail: Mail) -> str:
        """Return the recipients."""
        return ", ".join(str(each.get("name") or each.get("address")) for each in mail.recipients) or NOTHING

    @admin.display(description="Text")
    def body(self, mail: Mail) -> SafeString:
        """Return the plain text."""
        return code(mail.text)

    @admin.display(description="Thread")
    def conversation(self, mail: Mail) -> SafeString:
        """Return a link to the thread."""
        return link(mail.thread)

    @admin.display(description="Ingested by")
    def run(self, mail: Mail) -> SafeString:
        """Return a link to the run that stored it."""
        return run_link(mail.ingested_by)

    @admin.display(description="Size")
    def bytes(self, mail: Mail) -> str:
        """Return the size of the raw message."""
        return size_words(mail.size)


def _understood(mail: Mail) -> Classification | None:
    return getattr(mail, "classification", None)
