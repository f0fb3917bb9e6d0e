"""Conversations in the admin, mail by mail; to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from ingestion.models import Mail, Thread
from jobs.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from jobs.markup import clipped, moment, two_lines


class MailInline(ReadOnlyInline[Mail]):
    """The mails of a conversation, in order."""

    model = Mail
    fields = ["subject", "sender", "sent", "beginning"]
    readonly_fields = ["subject", "sender", "sent", "beginning"]
    ordering = ["sent_at"]

    @admin.display(description="From")
    def sender(self, mail: Mail) -> str:
        """Return who wrote it."""
        return mail.sender_name or mail.sender_address

    @admin.display(description="Sent")
    def sent(self, mail: Mail) -> SafeString:
        """Return how long ago."""
        return moment(mail.sent_at)

    @admin.display(description="Text")
    def beginning(self, mail: Mail) -> SafeString:
        """Return its first words."""
        return clipped(mail.reply_text or mail.text)


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin[Thread]):
    """Conversations."""

    list_display = ["subject_and_account", "mail_count", "first", "latest"]
    list_filter = ["account"]
    list_select_related = ["account"]
    search_fields = ["subject"]
    ordering = ["-last_at"]
    inlines = [MailInline]
    fields = ["subject", "account", ("mail_count", "first", "latest")]
    readonly_fields = ["first", "latest"]

    @admin.display(description="Thread", ordering="subject")
    def subject_and_account(self, thread: Thread) -> SafeString:
        """Return the subject over the account."""
        return two_lines(clipped(str(thread)), thread.account)

    @admin.display(description="First mail", ordering="first_at")
    def first(self, thread: Thread) -> SafeString:
        """Return how long ago it began."""
        return moment(thread.first_at)

    @admin.display(description="Latest mail", ordering="last_at")
    def latest(self, thread: Thread) -> SafeString:
        """Return how long ago it went on."""
        return moment(thread.last_at)
