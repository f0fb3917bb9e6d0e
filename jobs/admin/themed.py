"""The theme's admin classes, typed as Django's own, which they extend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, StackedInline, TabularInline
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.admin import ModelAdmin, StackedInline, TabularInline
    from unfold.views import ChangeList

__all__ = ["ChangeList", "ModelAdmin", "StackedInline", "TabularInline"]
