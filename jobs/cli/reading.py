"""Reads what people type after `manage.py jobs`: arguments, times, users."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from jobs.cli.exits import bad_usage
from jobs.models.run import Cause
from jobs.operations import Asker
from jobs.operations.schedule_checks import find_owner, read_moment
from jobs.queries import SETTINGS, STATE_GROUPS, TEXT_SETTINGS


def read_arguments(pairs: Sequence[str]) -> dict[str, Any]:
    """Return `key=value` pairs as a dict; a value is JSON, or a string when it isn't.

    What begins like a JSON object, list or string must be one: a slip there is an error and not a string.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise bad_usage(f"-a takes key=value, not {pair!r}")
        if key in values:
            raise bad_usage(f"-a {key} is given twice")
        values[key] = _value(f"-a {key}", text)
    return values


def read_time(text: str | None) -> datetime | None:
    """Return an ISO 8601 time; one without zone is UTC."""
    try:
        return read_moment(text)
    except ValueError:
        raise bad_usage(f"not an ISO 8601 time: {text!r}; write 2026-05-01T09:00:00+02:00") from None


def read_clock(text: str) -> tuple[int, int]:
    """Return hour and minute of a time of day."""
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2):
        raise bad_usage(f"not a time of day: {text!r}; write 07:30")
    return int(hour), int(minute)


def read_user(name: str | None) -> AbstractBaseUser | None:
    """Return the user of that name."""
    user = find_owner(name or "")
    if name and user is None:
        raise bad_usage(f"there is no user {name!r}")
    return user


def asker() -> str:
    """Return who asks: the name of the account that the command runs under."""
    try:
        return f"{getpass.getuser()} on the command line"
    except (KeyError, OSError):
        return f"user {os.getuid()} on the command line"


def shell() -> Asker:
    """Return whoever has this shell as one who asks."""
    return Asker(cause=Cause.CLI, name=asker())


def read_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """Return a schedule's settings given as `setting=value`: texts as they are, all else as JSON."""
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name not in SETTINGS:
            raise bad_usage(f"write setting=value, not {pair!r}; settings are {', '.join(SETTINGS)}")
        given[name] = text if name in TEXT_SETTINGS else _value(name, text)
    return {name: None if value == "" and name not in TEXT_SETTINGS else value for name, value in given.items()}


def read_state(text: str | None) -> str:
    """Return the name of a state, or of a group of states."""
    if text and text.lower() not in STATE_GROUPS:
        raise bad_usage(f"there is no state {text!r}; there are {', '.join(STATE_GROUPS)}")
    return (text or "").lower()


def _value(key: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        if text[:1] in {"{", "[", '"'}:
            raise bad_usage(f"{key}: not JSON: {error}") from None
        return text


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
