"""Asks the person at the terminal before something that is hard to take back."""

from __future__ import annotations

import sys

import typer
from django.core.management import CommandError

from jobs.cli.exits import REFUSED, bad_usage


def confirm(question: str, *, yes: bool, otherwise: str) -> None:
    """Return when `yes` was given or the person agrees.

    Raises: CommandError, with `otherwise` in its message.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise bad_usage(f"{question} Nobody can be asked here: add --yes; {otherwise}")
    if not typer.confirm(question):
        raise CommandError(otherwise, returncode=REFUSED)
