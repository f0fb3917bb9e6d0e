"""Exit codes of `manage.py jobs`: 0 done, 1 the job failed, 2 bad usage, 3 refused by a guard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import CommandError

from jobs.errors import ArgumentsError, RefusedError, RuleError, UnknownJobError
from jobs.models import Run
from jobs.operations import BadScheduleError
from jobs.queries import NoSuchChangeError, NoSuchMessageError, NoSuchQueueError, NoSuchRunError, NoSuchScheduleError
from jobs.states import State

FAILED, BAD_USAGE, REFUSED = 1, 2, 3

_NOT_THERE = (
    UnknownJobError,
    NoSuchRunError,
    NoSuchQueueError,
    NoSuchScheduleError,
    NoSuchMessageError,
    NoSuchChangeError,
)


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn what operations and queries raise into a message and its exit code."""
    try:
        yield
    except (*_NOT_THERE, ArgumentsError, BadScheduleError, RuleError) as error:
        raise CommandError(str(error), returncode=BAD_USAGE) from error
    except RefusedError as error:
        raise CommandError(str(error), returncode=REFUSED) from error


def bad_usage(message: str) -> CommandError:
    """Return the error that says how the command was misused."""
    return CommandError(message, returncode=BAD_USAGE)


def is_misuse(error: BaseException | None) -> bool:
    """Whether the command's parser refused what was typed."""
    # typer carries its own copy of click and exports no name for this class.
    return error is not None and hasattr(error, "format_message") and getattr(error, "exit_code", None) == BAD_USAGE


def misuse(error: Any) -> CommandError:
    """Return the error that says what the parser refused, and where help is."""
    path = error.ctx.command_path if error.ctx else "manage.py jobs"
    return bad_usage(f"{error.format_message()} See {path} --help")


def judge(run: Run) -> None:
    """Return for a run that succeeded, raise the error that fits any other end."""
    match State(run.state):
        case State.SUCCESS:
            return
        case State.FAILED:
            raise CommandError(f"{run.job} failed: {run.error_kind}: {run.error_message}", returncode=FAILED)
        case State.CANCELLED:
            raise CommandError(f"{run.job} was cancelled: {run.reason or 'no reason given'}", returncode=FAILED)
        case State.SKIPPED | State.MISSED:
            raise CommandError(f"{run.job} was refused: {run.reason}", returncode=REFUSED)
        case unfinished:
            raise CommandError(
                f"{run.job} was refused: run {run.pk} of the same unique key is {unfinished.lower()}",
                returncode=REFUSED,
            )
