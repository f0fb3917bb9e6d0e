"""How arguments travel and rest: JSON text as kombu writes it, sensitive values sealed, limits checked."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.db import models
from kombu.utils import json as kombu_json
from kombu.utils.json import object_hook

from jobs.encryption import decrypt, encrypt
from jobs.errors import ArgumentsError
from jobs.veil import MASK as MASK  # noqa: PLC0414
from jobs.veil import has_password, is_secret_name

SEALED = "__sealed__"
KEY_CHARACTERS = 200
_ENCODER = kombu_json.JSONEncoder(allow_nan=False)
_SHOWN = json.JSONEncoder(default=str, ensure_ascii=False)
_EMPTY: tuple[Any, ...] = ([], {})
_DECODER = json.JSONDecoder(object_hook=object_hook)


if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class WireField(_TextField):
    """A value as JSON text; unlike jsonb it keeps the order of keys and every type that Celery's JSON knows."""

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        """Read the text; most runs have no arguments of one kind or the other."""
        match value:
            case None:
                return None
            case "[]":
                return []
            case "{}":
                return {}
            case _:
                return _DECODER.decode(value)

    def to_python(self, value: Any) -> Any:
        """Read text given by a form or a fixture."""
        return kombu_json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        """Write the text."""
        return None if value is None else dumps(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Write the text for a fixture."""
        return dumps(self.value_from_object(obj))


def dumps(value: Any) -> str:
    """Return `value` as JSON text.

    Raises: ArgumentsError when it holds what JSON can't carry.
    """
    if not value and isinstance(value, list | dict):
        return "[]" if isinstance(value, list) else "{}"
    try:
        text: str = _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentsError(f"not JSON: {error}") from error
    return text


def check_size(args: Iterable[Any], kwargs: Mapping[str, Any], *, most_bytes: int) -> None:
    """Check that the arguments are JSON of a bearable size.

    Raises: ArgumentsError with what is wrong.
    """
    size = len(dumps(list(args))) + len(dumps(dict(kwargs)))
    if size > most_bytes:
        raise ArgumentsError(
            f"arguments are {size} bytes, more than the {most_bytes} allowed: pass a reference instead"
        )


def seal(
    args: Iterable[Any], kwargs: Mapping[str, Any], *, names: tuple[str, ...], function: Callable[..., Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments with those called `names`, and those that hold a URL with a password, encrypted."""
    positions = [n for n, name in enumerate(inspect.signature(function).parameters) if name in names] if names else []
    return (
        [_sealed(value) if n in positions or has_password(value) else value for n, value in enumerate(args)],
        {name: _sealed(value) if name in names or has_password(value) else value for name, value in kwargs.items()},
    )


def secrets_in(*values: Any) -> list[Any]:
    """Return in clear what is sealed anywhere in the values."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, dict):
            found += [unseal(value)] if value.keys() == {SEALED} else secrets_in(*value.values())
        elif isinstance(value, list | tuple):
            found += secrets_in(*value)
    return found


def unseal(value: Any) -> Any:
    """Return the arguments in clear."""
    if isinstance(value, dict):
        if value.keys() == {SEALED}:
            return kombu_json.loads(decrypt(value[SEALED]))
        return {key: unseal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [unseal(item) for item in value]
    return value


def masked(value: Any, *, name: str = "") -> Any:
    """Return the value fit to show: what is sealed or under a telling name, and URLs with passwords, masked."""
    if is_secret_name(name):
        return MASK
    if isinstance(value, dict):
        if value.keys() == {SEALED}:
            return MASK
        return {key: masked(item, name=str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return MASK if isinstance(value, str) and has_password(value) else value


def shown(value: Any) -> str:
    """Return the masked value as one line of JSON."""
    if value in _EMPTY:
        return "[]" if isinstance(value, list) else "{}"
    return _SHOWN.encode(masked(value))


def _sealed(value: Any) -> dict[str, str]:
    if isinstance(value, dict) and value.keys() == {SEALED}:
        return value
    return {SEALED: encrypt(kombu_json.dumps(value))}


def by_name(function: Callable[..., Any], args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by parameter name, defaults filled in; what doesn't bind is given as it came."""
    signature = inspect.signature(function)
    try:
        bound = signature.bind_partial(*args, **kwargs)
    except TypeError:
        return dict(kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def digest(value: Any) -> str:
    """Return 32 hex digits that are the same for the same JSON value, whatever the order of keys."""
    text = kombu_json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def json_safe(value: Any) -> Any:
    """Return `value` as plain JSON that any database takes: unknown types as text, NUL characters dropped."""
    return json.loads(json.dumps(value, default=repr).replace("\\u0000", ""))


def key(text: str) -> str:
    """Return a guard's key as its column holds it: a long one ends in its digest, so that no two become one."""
    return text if len(text) <= KEY_CHARACTERS else f"{text[: KEY_CHARACTERS - 33]}:{digest(text)}"
