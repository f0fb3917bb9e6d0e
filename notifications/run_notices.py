"""Tells users that a run ended: those who asked for this run, and those who want it of all they start by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import FINAL
from notifications.composing.run import run_ended_of
from notifications.models import Preference, RunWish, Signal
from notifications.telling import tell

BY_HAND = {Cause.ADMIN, Cause.API, Cause.CLI}


def tell_who_asked(*, now: datetime) -> int:
    """Fulfil the wishes whose run has ended or is gone; returns how many were told."""
    told = 0
    for wish in RunWish.objects.select_related("user").order_by("pk"):
        run = Run.objects.filter(pk=wish.run_id).first()
        if run is not None and run.state not in FINAL:
            continue
        told += _tell(wish.user, run, now) if run else 0
        wish.delete()
    return told


def tell_who_started(runs: Iterable[Run], *, now: datetime) -> int:
    """Tell owners who want it of the runs they started by hand; returns how many were told."""
    by_hand = [run for run in runs if run.owner_id and run.cause in BY_HAND and run.parent_id is None]
    wanted = Preference.objects.filter(wants_run_notices=True, user__in={run.owner_id for run in by_hand})
    users = get_user_model().objects.in_bulk(list(wanted.values_list("user", flat=True)))
    return sum(_tell(users[run.owner_id], run, now) for run in by_hand if run.owner_id in users)


def _tell(user: AbstractBaseUser, run: Run, now: datetime) -> int:
    preference = Preference.of(user)
    notice = run_ended_of(run, user=user, preference=preference)
    key = f"{Signal.Kind.RUN_ENDED}:{run.pk}:{run.finished_at:%Y%m%dT%H%M%S}"
    return int(tell(user, notice, preference=preference, kind=Signal.Kind.RUN_ENDED, key=key, now=now))
