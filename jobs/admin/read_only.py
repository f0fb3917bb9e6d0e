"""Admin pages that show and never change: what the engine and the jobs wrote is for reading."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest

from jobs.admin.themed import ModelAdmin, TabularInline

M = TypeVar("M", bound=Model)


class ReadOnly:
    """Mixed into an admin class: looking needs the view permission, anything else is nobody's."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: rows come from the engine."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: rows are the record."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: pruning deletes, people don't."""
        return False


class ReadOnlyAdmin(ReadOnly, ModelAdmin[M]):
    """A list and pages to look at."""

    list_per_page = 50


class ReadOnlyInline(ReadOnly, TabularInline[M, Any]):
    """Rows shown on their owner's page."""

    extra = 0
    can_delete = False
    show_change_link = True
