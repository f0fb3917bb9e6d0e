"""What changes as it changes: server-sent events of one run, or of every run that who asks may see."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Router

from jobs import queries
from jobs.api.principal import Principal, asking, visible_run
from jobs.api.problems import STATUSES, Problem, ProblemError
from jobs.api.waiting import waiting_place
from jobs.models import Run
from jobs.models.token import Scope
from jobs.representation import run_values
from jobs.states import State

router = Router(tags=["events"])
PAUSE_SECONDS = 1.0
STREAM_SECONDS = 55.0
MOST_RUNS = 100
_OVERLAP = timedelta(seconds=3)
_STREAM = {
    "responses": {200: {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}
}
Seen = dict[UUID, tuple[Any, ...]]


@router.get("/runs/{run_id}/events", response={STATUSES: Problem}, openapi_extra=_STREAM)
def follow_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Tell a run as it stands whenever it changes, until it has ended: events named `run`.

    The stream ends after 55 s; an EventSource asks again by itself.
    """
    who = asking(request, Scope.READ)
    visible_run(who, str(run_id))

    def changed(seen: Seen) -> list[Run]:
        run = visible_run(who, str(run_id))
        return [run] if seen.get(run.pk) != _mark(run) else []

    return _stream(changed, ends=lambda run: State(run.state).is_final)


@router.get("/events", response={STATUSES: Problem}, openapi_extra=_STREAM)
def follow_runs(request: HttpRequest) -> HttpResponse:
    """Tell every run that is enqueued, starts, or ends from now on: events named `run`.

    The stream ends after 55 s; an EventSource asks again by itself.
    """
    who = asking(request, Scope.READ)
    begun = timezone.now()

    def changed(seen: Seen) -> list[Run]:
        since = max(begun, timezone.now() - _OVERLAP)
        return [run for run in _touched(who, since) if seen.get(run.pk) != _mark(run)]

    return _stream(changed, ends=lambda _: False)


def _touched(who: Principal, since: datetime) -> list[Run]:
    """Return the runs enqueued, started or ended since then; each arm has an index."""
    runs = queries.listed() if who.owner is None else queries.listed().filter(owner=who.owner)
    arms = (Q(created_at__gte=since), Q(finished_at__gte=since), Q(state=State.RUNNING, started_at__gte=since))
    found = {run.pk: run for arm in arms for run in runs.filter(arm)[:MOST_RUNS]}
    return list(found.values())


def _mark(run: Run) -> tuple[Any, ...]:
    return run.state, run.attempt, json.dumps(run.progress, sort_keys=True)


class _Stream:
    """A stream that leaves its place when it ends or is closed, also by a caller who left before it began."""

    def __init__(self, events: Iterator[str], place: ExitStack) -> None:
        self._events = events
        self._place = place

    def __iter__(self) -> Iterator[str]:
        with self._place:
            yield from self._events

    def close(self) -> None:
        self._place.close()


def _stream(changed: Callable[[Seen], list[Run]], *, ends: Callable[[Run], bool]) -> HttpResponse:
    place = ExitStack()
    if not place.enter_context(waiting_place()):
        place.close()
        raise ProblemError(429, "Too many streams are open in this process: ask again later.")

    def events() -> Iterator[str]:
        seen: Seen = {}
        deadline = time.monotonic() + STREAM_SECONDS
        yield "retry: 2000\n\n"
        while time.monotonic() < deadline:
            for run in changed(seen):
                seen[run.pk] = _mark(run)
                yield f"event: run\ndata: {json.dumps(run_values(run), cls=DjangoJSONEncoder)}\n\n"
                if ends(run):
                    return
            yield ": still here\n\n"
            time.sleep(PAUSE_SECONDS)

    response = StreamingHttpResponse(_Stream(events(), place), content_type="text/event-stream")
    response["Cache-Control"], response["X-Accel-Buffering"] = "no-store", "no"
    return response  # type: ignore[return-value]
