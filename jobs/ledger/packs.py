"""Many packed runs at once: claimed in one statement, or put back unbegun."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Q

from jobs import prepared
from jobs.dialect import own_uuid
from jobs.ledger.bells import CLEARED, ONCE_CLEARED, clear_bell
from jobs.ledger.rows import columns, runs_of
from jobs.models import Run
from jobs.models.run import URGENT_FIRST, RunQuerySet
from jobs.states import State

# How PostgreSQL locks what is due, and finds it again by its ids alone: a join might read the whole table for them.
_POSTGRES = {"lock": "FOR UPDATE SKIP LOCKED", "among_due": "= ANY(ARRAY(SELECT id FROM due))"}
_SQLITE = {"lock": "", "among_due": "IN (SELECT id FROM due)"}
# What a claimed run's row holds for certain, since the claim asked for it or wrote it.
_KNOWN = ("queue", "job", "is_packed", "state", "reason", "started_at", "worker_id", "process_id")
_TIME_HAS_COME = (
    "FROM jobs_run WHERE queue = %(queue)s AND job = %(job)s AND state = 'QUEUED' AND is_packed AND run_at <= %(now)s"
)
_IN_TIME = "(expires_at IS NULL OR expires_at > %(now)s)"
_IS_OPEN = "NOT EXISTS (SELECT 1 FROM jobs_queue WHERE name = %(queue)s AND paused_at IS NOT NULL)"
# The order of the index of packed runs. Whoever looks for a few or for one asks in it: without, PostgreSQL reads the
# whole table while its statistics, which are minutes old, tell of many that wait.
_BY_INDEX = "ORDER BY tenant, priority DESC, created_at, id"
# MATERIALIZED keeps the rows that are locked and those that are updated the same.
_CLAIM = (
    "WITH {also} due AS MATERIALIZED ("  # noqa: S608 - constants
    f"SELECT id {_TIME_HAS_COME} AND {_IN_TIME} AND {_IS_OPEN} {{chosen}} LIMIT %(limit)s {{lock}}) "
    "UPDATE jobs_run SET state = 'RUNNING', attempt = attempt + 1, token = token + 1, reason = '', "
    "started_at = %(now)s, worker_id = %(worker)s, process_id = %(process)s "
    f"WHERE id {{among_due}} {{unless}} RETURNING {columns(known=_KNOWN)}"
)
_IN_TURN = {"also": "", "chosen": f"AND tenant = %(tenant)s {_BY_INDEX}", "unless": ""}
_ALL = {"also": "", "chosen": _BY_INDEX, "unless": "AND (SELECT count(*) FROM due) < %(limit)s"}
_ALL_HEARING = {**_ALL, "also": f"{CLEARED},", "chosen": f"{ONCE_CLEARED} {_BY_INDEX}"}

# Two seeks in the index of what waits, however long the tenant's own backlog; of an EXISTS, the order would be dropped.
_OTHERS = "SELECT " + " OR ".join(
    f"(SELECT 1 {_TIME_HAS_COME} AND tenant {side} %(tenant)s {_BY_INDEX} LIMIT 1) IS NOT NULL" for side in "<>"
)
# Runs behind them are for the next look.
_LOOKED_AT = 100
_LEFT = (
    f"SELECT (count(*) FILTER (WHERE {_IN_TIME}) > 0 OR count(*) = {_LOOKED_AT}) AND {_IS_OPEN}, "  # noqa: S608 - constants
    "count(*) FILTER (WHERE expires_at <= %(now)s) > 0 "
    f"FROM (SELECT expires_at {_TIME_HAS_COME} {_BY_INDEX} LIMIT {_LOOKED_AT}) AS due"
)


class Left(NamedTuple):
    """Whether packed runs of a job in a queue may start now, and whether there are some that may not any more.

    Tells of the first hundred in turn. Where there are as many, `due` is True, as more may be behind; too late is
    told of only who is among them and whose time has come.
    """

    due: bool
    expired: bool


def due_in_pack(queue: str, job: str, *, now: datetime) -> RunQuerySet:
    """Return the packed runs of a job in a queue that may start now."""
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    return Run.objects.filter(in_time, queue=queue, job=job, state=State.QUEUED, is_packed=True, run_at__lte=now)


def expired_in_pack(queue: str, job: str, *, now: datetime) -> RunQuerySet:
    """Return the packed runs of a job in a queue that may not start any more."""
    return Run.objects.filter(queue=queue, job=job, state=State.QUEUED, is_packed=True, expires_at__lte=now)


def others_wait(queue: str, job: str, tenant: str, *, now: datetime) -> bool:
    """Whether packed runs of another tenant wait whose time has come."""
    (they_do,) = _answers(_OTHERS, queue=queue, job=job, tenant=tenant, now=_moment(now))
    return they_do


def left_in_pack(queue: str, job: str, *, now: datetime) -> Left:
    """Return what there is to do still; runs that other workers are claiming at the moment count as due."""
    return Left(*_answers(_LEFT, queue=queue, job=job, now=_moment(now)))


def _answers(question: str, **values: Any) -> list[bool]:
    with prepared.cursor() as cursor:
        cursor.execute(question, values)
        return [bool(answer) for answer in cursor.fetchone()]


def _moment(now: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(now)


def claim_pack(queue: str, job: str, tenant: str, *, most: int, worker_id: UUID, now: datetime) -> list[Run]:
    """Take up to `most` due packed runs of a tenant for this process, most urgent first; none of a paused queue."""
    return _claim(_IN_TURN, (queue, job), worker_id=worker_id, now=now, limit=most, tenant=tenant)


def claim_few(
    queue: str, job: str, *, most: int, worker_id: UUID, now: datetime, hears_bell: bool = False
) -> list[Run]:
    """Take all due packed runs of whatever tenant, if they are `most` at most; else none. Most urgent first.

    `hears_bell` clears the bell before, in the same statement where the database can. What was committed since that
    began is to be looked for afterwards (`left_in_pack`), as its sender may have found the bell on its way.
    """
    if hears_bell and connection.vendor != "postgresql":
        clear_bell(queue, job)
        hears_bell = False
    return _claim(_ALL_HEARING if hears_bell else _ALL, (queue, job), worker_id=worker_id, now=now, limit=most + 1)


def _claim(which: dict[str, str], key: tuple[str, str], *, worker_id: UUID, now: datetime, **chosen: Any) -> list[Run]:
    of_dialect = _POSTGRES if connection.vendor == "postgresql" else _SQLITE
    known = dict(zip(_KNOWN, (*key, True, State.RUNNING.value, "", now, worker_id, os.getpid()), strict=True))
    queue, job = key
    values = {"queue": queue, "job": job, "now": _moment(now), "worker": own_uuid(worker_id), "process": os.getpid()}
    runs = runs_of(_CLAIM.format(**which, **of_dialect), {**values, **chosen}, known=known)
    return sorted(runs, key=lambda run: (-run.priority, run.created_at, run.pk))


def claimed_in_pack(queue: str, job: str, tenant: str | None, *, worker_id: UUID, at: datetime) -> list[Run]:
    """Return what this process's claim at that very time took (of a tenant), most urgent first.

    For a claim whose answer may have been lost.
    """
    mine = Run.objects.running_here(worker_id).filter(started_at=at, is_packed=True, queue=queue, job=job)
    of_tenant = mine if tenant is None else mine.filter(tenant=tenant)
    return list(of_tenant.order_by(*URGENT_FIRST))


def put_back(runs: Sequence[Run], *, reason: str) -> int:
    """Return claimed runs that have not begun to their queue; none spends an attempt. Returns how many.

    Those that a person asked to stop meanwhile stay as they are.
    """
    unasked = _held(runs).filter(cancel_requested_at=None)
    return unasked.update(state=State.QUEUED, attempt=F("attempt") - 1, worker=None, reason=reason[:200])


def asked_to_stop(runs: Sequence[Run]) -> list[UUID]:
    """Return which of the runs that this process has claimed a person asked to stop."""
    return list(_held(runs).filter(cancel_requested_at__isnull=False).values_list("pk", flat=True))


def _held(runs: Sequence[Run]) -> RunQuerySet:
    return Run.objects.running_here(*{run.worker_id for run in runs}).filter(pk__in=[run.pk for run in runs])
