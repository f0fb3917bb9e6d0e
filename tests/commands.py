"""`manage.py jobs` as a person or a program calls it, for tests of what it says."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def jobs(*arguments: str) -> str:
    """Return what the command prints."""
    out = io.StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def jobs_json(*arguments: str) -> Any:
    """Return what the command prints for programs."""
    return json.loads(jobs(*arguments, "--json"))


def refused(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the message of a command that must not succeed."""
    with pytest.raises(CommandError) as refusal:
        jobs(*arguments)
    return refusal.value.returncode, str(refusal.value)


def failed(*arguments: str) -> tuple[int, str, str]:
    """Return the exit code, the message and the output of a command that must not succeed."""
    out = io.StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("jobs", *arguments, stdout=out)
    return refusal.value.returncode, str(refusal.value), out.getvalue()
