"""Kept copies of Redis keys in the admin: to look at, and to give back."""

from __future__ import annotations

from datetime import timedelta

import redis
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs import operations
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.admin.run_wishes import may_operate
from jobs.encryption import UndecryptableError
from jobs.errors import RefusedError
from jobs.markup import moment
from jobs.models import KeptKey

_LIFE = timedelta(days=1)


@admin.register(KeptKey)
class KeptKeyAdmin(ReadOnlyAdmin[KeptKey]):
    """Copies; what they hold is shown nowhere."""

    list_display = ["name", "kept", "expires", "restored"]
    search_fields = ["name"]
    ordering = ["-kept_at"]
    fields = ["name", ("kept", "expires", "restored")]
    readonly_fields = ["kept", "expires", "restored"]
    actions = ["restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[KeptKey]:
        """Return the copies without what they hold."""
        return super().get_queryset(request).defer("value")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether who asks may give copies back."""
        return may_operate(request)

    @admin.action(description="Restore to Redis, for a day", permissions=["operate"])
    def restore(self, request: HttpRequest, copies: QuerySet[KeptKey]) -> None:
        """Write the chosen copies back; keys that are there are left alone."""
        try:
            for name in copies.values_list("name", flat=True):
                outcome = operations.restore_keys(name, life=_LIFE)
                said = [f"{name}: {why}." for name, why in outcome.left.items()]
                self.message_user(request, " ".join([*(f"{name} restored." for name in outcome.restored), *said]))
        except (RefusedError, UndecryptableError, redis.RedisError) as error:
            self.message_user(request, str(error), messages.ERROR)

    @admin.display(description="Kept", ordering="kept_at")
    def kept(self, copy: KeptKey) -> SafeString:
        """Return when the copy was made."""
        return moment(copy.kept_at)

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, copy: KeptKey) -> SafeString:
        """Return when the key goes, or went."""
        return moment(copy.expires_at)

    @admin.display(description="Restored", ordering="restored_at")
    def restored(self, copy: KeptKey) -> SafeString:
        """Return when it last went back."""
        return moment(copy.restored_at)
