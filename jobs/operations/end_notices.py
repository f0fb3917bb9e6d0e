"""Notes who wants to hear of a run's end; the application that the setting `tell_when_ended` names tells them."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.base_user import AbstractBaseUser

from jobs.conf import conf
from jobs.errors import RefusedError
from jobs.models import Run


def can_tell_of_ends() -> bool:
    """Return whether there is an application that tells."""
    return conf().note_end_wish is not None


def tell_when_ended(runs: Iterable[Run], *, user: AbstractBaseUser) -> list[Run]:
    """Let the user be told, once, when each of the runs ends, or at once of one that has; returns the runs.

    Raises: RefusedError where nothing here can tell.
    """
    note = conf().note_end_wish
    if note is None:
        raise RefusedError("nothing here tells when runs end")
    wanted = list(runs)
    for run in wanted:
        note(run.pk, user)
    return wanted
