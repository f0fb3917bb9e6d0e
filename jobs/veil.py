"""Keeps secrets out of texts: passwords in URLs, API tokens, and the sensitive arguments of the run under way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

MASK = "***"
LEAST_CHARACTERS = 4
_SECRET_NAME = re.compile(
    r"(^|[_-])(password|passwd|secret|token|api[_-]?key|authorization|credentials?|otp)($|[_-])", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(://[^/\s:@'\"]*:)([^/\s@'\"]+)@")
_TOKEN = re.compile(r"\bdaybook_[\w-]{30,}")

_NUMBERS = (int, float, bool, type(None))

_hidden: ContextVar[tuple[str, ...]] = ContextVar("daybook_hidden", default=())


class ConcealedError(Exception):
    """Stands for an error that told a secret and can't be told otherwise; its text begins with that error's type."""


@contextmanager
def hiding(values: Iterable[Any]) -> Iterator[None]:
    """Hide these values, and the texts and numbers in them, from every text veiled meanwhile.

    What is shorter than 4 characters stays: to hide every 7 would hide the rest too.
    """
    texts = {text for value in values for text in _texts(value) if len(text) >= LEAST_CHARACTERS}
    escaped = {json.dumps(text)[1:-1] for text in texts}
    token = _hidden.set(tuple(sorted(texts | escaped, key=len, reverse=True)))
    try:
        yield
    finally:
        _hidden.reset(token)


def veiled(text: str) -> str:
    """Return the text with a mask in place of every secret."""
    for value in _hidden.get():
        text = text.replace(value, MASK)
    if "://" in text:
        text = without_passwords(text)
    return _TOKEN.sub(MASK, text) if "daybook_" in text else text


@lru_cache(maxsize=2_000)
def is_secret_name(name: str) -> bool:
    """Whether what is called so is nobody's business: password, token, api_key ..."""
    return _SECRET_NAME.search(name) is not None


def veil_fields(fields: MutableMapping[str, Any]) -> None:
    """Veil every value of a line in place; most are words and numbers that need no second look.

    What begins with an underscore is the logging library's own.
    """
    is_hiding = bool(_hidden.get())
    for name, value in fields.items():
        kind = type(value)
        if is_hiding or is_secret_name(name):
            may_tell = True
        elif kind is str:
            may_tell = "://" in value or "daybook_" in value
        else:
            may_tell = kind not in _NUMBERS
        if may_tell and not name.startswith("_"):
            fields[name] = veiled_value(value, name=name)


def veiled_value(value: Any, *, name: str = "") -> Any:
    """Return the value with every text and number in it veiled, and all that is under a telling name."""
    if is_secret_name(name):
        return MASK
    if isinstance(value, str):
        return veiled(value)
    if isinstance(value, dict):
        return {key: veiled_value(item, name=str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [veiled_value(item) for item in value]
    if isinstance(value, (int, float)) and (hidden := _hidden.get()) and str(value) in hidden:
        return MASK
    return value


def without_passwords(text: str) -> str:
    """Return the text with a mask in place of every URL's password."""
    return _URL_PASSWORD.sub(rf"\1{MASK}@", text) if "://" in text else text


def has_password(value: Any) -> bool:
    """Whether a URL with a password stands anywhere in the value."""
    if value is None or isinstance(value, int | float):
        return False
    texts = (value,) if isinstance(value, str) else _texts(value)
    return any("://" in text and _URL_PASSWORD.search(text) is not None for text in texts)


def veiled_error(error: Exception) -> Exception:
    """Return the error telling no secret, nor its causes: rewritten in place, or another in its place."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.args = tuple(veiled(item) if isinstance(item, str) else item for item in link.args)
        if _tells(link):
            return _stand_in(error)
        link = link.__cause__ or link.__context__
    return error


def _stand_in(error: BaseException) -> ConcealedError:
    other = ConcealedError(f"{type(error).__name__}: {veiled(_said_by(error))}")
    other.__suppress_context__ = True
    return other.with_traceback(error.__traceback__)


def _tells(error: BaseException) -> bool:
    said = f"{_said_by(error)}{error.args!r}{getattr(error, '__notes__', '')}"
    return veiled(said) != said


def _said_by(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*_texts(key), *_texts(item))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
