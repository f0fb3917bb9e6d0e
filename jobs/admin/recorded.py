"""Admin forms whose edits are in the audit log: which fields, from what to what; of a secret only that it changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from jobs import audit
from jobs.encryption import EncryptedJSONField
from jobs.veil import MASK, veiled_value


class Recorded:
    """Mixed into an admin class before the theme's; the entry is in the edit's transaction."""

    opts: Any

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Note what the form changed, besides what Django keeps of it."""
        before = {} if add else self._told(form, form.initial.get)
        after = self._told(form, form.cleaned_data.get) | _of_lines(formsets or [])
        if add or after:
            target = form.instance if hasattr(form, "instance") else form.user
            audit.note(f"{'add' if add else 'change'} {self.opts.verbose_name}", target, before=before, after=after)
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Model]) -> Any:
        """Note what is about to be deleted."""
        audit.note_many(f"delete {self.opts.verbose_name}", [(each, None, None) for each in queryset])
        return super().log_deletions(request, queryset)  # type: ignore[misc]

    def _told(self, form: Any, value_of: Any) -> dict[str, Any]:
        return {name: self._plain(name, value_of(name)) for name in form.changed_data}

    def _plain(self, name: str, value: Any) -> Any:
        if self._is_sealed(name):
            return MASK if value else None
        if isinstance(value, Model):
            value = value.pk
        elif isinstance(value, Iterable) and not isinstance(value, str | dict):
            value = sorted(map(str, value))
        plain = value if isinstance(value, str | int | float | bool | dict | list | None) else str(value)
        return veiled_value(plain, name=name)

    def _is_sealed(self, name: str) -> bool:
        """Whether the value is nobody's business; of a form's own field nothing is known, so it is, too."""
        try:
            return isinstance(self.opts.get_field(name), EncryptedJSONField)
        except FieldDoesNotExist:
            return True


def _of_lines(formsets: list[Any]) -> dict[str, Any]:
    told = {}
    for formset in formsets:
        added, changed = formset.new_objects, [line for line, _ in formset.changed_objects]
        for verb, lines in (("added", added), ("changed", changed), ("deleted", formset.deleted_objects)):
            if lines:
                told[f"{verb} {formset.model._meta.verbose_name_plural}"] = [str(line) for line in lines]  # noqa: SLF001
    return told
