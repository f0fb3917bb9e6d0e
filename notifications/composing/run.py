"""What a user is told when a run of theirs ended."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from jobs.models import Run
from notifications.composing.wording import Notice, addressed, moment_of, one_line, written
from notifications.conf import run_url
from notifications.models import Preference


def run_ended_of(run: Run, *, user: AbstractBaseUser, preference: Preference) -> Notice:
    """Return the notice: which job, how it ended, when, and the link to the run."""
    facts = {
        **addressed(user, preference),
        "job": run.job,
        "state": run.state,
        "ended": moment_of(run.finished_at, preference) if run.finished_at else "",
        "error": one_line(f"{run.error_kind}: {run.error_message}")[:500] if run.error_kind else one_line(run.reason),
        "link": run_url(run.pk),
        "correlation": run.correlation_id,
    }
    return written("run_ended", preference.language, facts)
