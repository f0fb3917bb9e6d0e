"""The theme's admin classes, typed as Django's own, which they extend; they take type arguments at run time too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, StackedInline, TabularInline
    from django.contrib.admin.views.main import ChangeList
    from django.core.paginator import Paginator
    from django.forms import ModelForm
else:
    from django.core import paginator
    from django.forms import models
    from unfold import admin, views

    def _generic(base):
        arguments = classmethod(lambda cls, _: cls)
        return type(base)(base.__name__, (base,), {"__class_getitem__": arguments, "__module__": __name__})

    ModelAdmin = _generic(admin.ModelAdmin)
    StackedInline = _generic(admin.StackedInline)
    TabularInline = _generic(admin.TabularInline)
    # Rows without their names above them; the theme's next name for it comes with the releases for Python 3.12.
    if hasattr(TabularInline, "show_title"):
        TabularInline.show_title = False
    else:
        TabularInline.hide_title = True
    Paginator = _generic(paginator.Paginator)
    ModelForm = _generic(models.ModelForm)
    ChangeList = views.ChangeList

__all__ = ["ChangeList", "ModelAdmin", "ModelForm", "Paginator", "StackedInline", "TabularInline"]
