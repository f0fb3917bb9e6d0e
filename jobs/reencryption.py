"""What is encrypted with an older key than the newest: fields are encrypted anew, sealed arguments are counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from django.apps import apps
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast
from django_celery_beat.models import PeriodicTask

from jobs.encryption import EncryptedJSONField, UndecryptableError, decrypt, is_of_newest_key
from jobs.models import Run
from jobs.states import State
from jobs.wire import SEALED

log = structlog.get_logger(__name__)

BATCH = 200
_SEAL = re.compile(rf'"{SEALED}": ?"([^"]+)"')


def fields() -> list[tuple[type[Model], str]]:
    """Return every model with the name of each of its encrypted fields."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()  # noqa: SLF001 - Django's documented way to a model's fields
        if isinstance(field, EncryptedJSONField)
    ]


def old_values(model: type[Model], name: str) -> Iterator[tuple[Any, str]]:
    """Yield primary key and token of each value in the field that an older key encrypted."""
    rows = model._default_manager.annotate(token=Cast(name, TextField())).exclude(token=None)  # noqa: SLF001
    for pk, token in rows.order_by("pk").values_list("pk", "token").iterator(chunk_size=BATCH):
        if not is_of_newest_key(token):
            yield pk, token


def renew(model: type[Model], name: str, pk: Any, token: str) -> bool:
    """Encrypt one value with the newest key, unless it changed meanwhile; returns whether it is of that key now."""
    try:
        value = decrypt(token)
    except UndecryptableError as error:
        log.warning("a value can't be encrypted anew", model=model._meta.label, field=name, pk=pk, error=str(error))  # noqa: SLF001
        return False
    as_read = model._default_manager.annotate(token=Cast(name, TextField())).filter(pk=pk, token=token)  # noqa: SLF001
    as_read.update(**{name: value})
    return True


def sealed_runs() -> int:
    """Return how many unfinished runs and open dead letters hold arguments that an older key sealed."""
    needed = Run.objects.filter(Q(finished_at=None) | Q(state=State.FAILED, resolved_at=None))
    return _of_older_keys(
        needed.annotate(a=Cast("args", TextField()), k=Cast("kwargs", TextField())).values_list("a", "k")
    )


def sealed_schedules() -> int:
    """Return how many schedules do."""
    return _of_older_keys(PeriodicTask.objects.values_list("args", "kwargs"))


def _of_older_keys(calls: Any) -> int:
    return sum(any(not is_of_newest_key(token) for token in _tokens(call)) for call in calls.iterator(chunk_size=BATCH))


def _tokens(texts: Iterable[str | None]) -> list[str]:
    return [token for text in texts for token in _SEAL.findall(text or "")]
