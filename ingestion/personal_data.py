"""Which rows belong to a user, over all applications: found by following foreign keys from the user, not by a list."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import CASCADE, ForeignObjectRel, Model, QuerySet

from jobs.encryption import EncryptedJSONField

DEEPEST = 6
# A user's password and sessions are no data to hand out.
SECRET = {"password"}


@dataclass(frozen=True)
class Owned:
    """A model whose rows belong to a user."""

    model: type[Model]
    path: str
    """Lookup that leads from it to the user."""
    dies_with: bool
    """Deleted with the user; else it is only made nobody's."""

    def rows(self, user_id: int) -> QuerySet[Any]:
        """Return the user's rows."""
        return QuerySet(self.model).filter(**{self.path: user_id}).order_by("pk")


def owned_models() -> list[Owned]:
    """Return the models, the farthest from the user first, so that deleting in this order breaks no reference."""
    found: dict[type[Model], Owned] = {}
    edge: list[tuple[type[Model], str]] = [(get_user_model(), "")]
    for _ in range(DEEPEST):
        edge = [(each.model, each.path) for model, path in edge for each in _below(model, path) if _add(found, each)]
    return list(reversed(found.values()))


def exported(row: Model) -> dict[str, Any]:
    """Return a row as JSON values; bytes in base64, secrets left out."""
    fields = (field for field in options(row).concrete_fields if field.name not in SECRET)
    return {field.attname: _value(field, getattr(row, field.attname)) for field in fields}


def options(model: Any) -> Any:
    """Return Django's description of a model, a documented interface in spite of its name."""
    return model._meta  # noqa: SLF001


def _below(model: type[Model], path: str) -> Iterator[Owned]:
    for relation in options(model).related_objects:
        below: Any = relation.related_model
        if not relation.many_to_many and not options(below).auto_created:
            dies = _on_delete(relation) is CASCADE
            # Below what is only made nobody's, nothing belongs to the user.
            if dies or not path:
                name = str(relation.field.name)
                yield Owned(below, f"{name}__{path}" if path else name, dies)


def _add(found: dict[type[Model], Owned], owned: Owned) -> bool:
    if owned.model in found:
        return False
    found[owned.model] = owned
    return owned.dies_with


def _on_delete(relation: ForeignObjectRel) -> Any:
    return getattr(relation, "on_delete", None)


def _value(field: Any, value: Any) -> Any:
    if isinstance(field, EncryptedJSONField):
        return None if value is None else "(kept encrypted, not exported)"
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value
