"""Mails in the admin, with their files and what was understood; to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from ingestion.models import Attachment, Mail
from jobs.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from jobs.markup import NOTHING, badge, clipped, code, link, moment, two_lines
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


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin[Mail]):
    """Mails."""

    list_display = ["sender_and_subject", "sent", "direction_badge", "language", "account", "wholeness"]
    list_filter = ["direction", "language", "account"]
    list_select_related = ["account", "thread"]
    search_fields = ["subject", "sender_name", "sender_address"]
    ordering = ["-sent_at"]
    inlines = [AttachmentInline]
    fieldsets = [
        (None, {"fields": ["subject", ("sender_name", "sender_address"), "to", ("sent", "direction", "language")]}),
        ("Text", {"fields": ["body"]}),
        ("Origin", {"fields": ["account", "conversation", "message_id", "in_reply_to", "received_at", "bytes",
                               "ingested_by", "wholeness", "parse_error"]}),
    ]  # fmt: skip
    readonly_fields = ["to", "sent", "body", "conversation", "bytes", "wholeness"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mail]:
        """Leave bodies in the database until one mail is opened."""
        return super().get_queryset(request).defer("raw")

    @admin.display(description="Mail", ordering="subject")
    def sender_and_subject(self, mail: Mail) -> SafeString:
        """Return the subject over the sender."""
        return two_lines(clipped(mail.subject or "(no subject)"), mail.sender_name or mail.sender_address)

    @admin.display(description="Sent", ordering="sent_at")
    def sent(self, mail: Mail) -> SafeString:
        """Return how long ago."""
        return moment(mail.sent_at)

    @admin.display(description="Direction")
    def direction_badge(self, mail: Mail) -> SafeString:
        """Return whether the owner received or sent it."""
        return badge(mail.get_direction_display().capitalize(), tone="quiet" if mail.direction == "in" else "info")

    @admin.display(description="Whole")
    def wholeness(self, mail: Mail) -> SafeString:
        """Return whether something in it was broken."""
        return badge("Broken", tone="bad") if mail.parse_error else NOTHING

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

    @admin.display(description="Size")
    def bytes(self, mail: Mail) -> str:
        """Return the size of the raw message."""
        return size_words(mail.size)
