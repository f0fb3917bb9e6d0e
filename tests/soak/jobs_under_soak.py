"""The jobs under soak: each writes to the effect log what it begins, does and ends, and nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from jobs import Concurrency, Retry, current_run, job
from tests.soak import effects

PATIENT = Retry(attempts=5, wait=0.05, lost_attempts=50)
MORTAL = Retry(attempts=5, wait=0.05, lost_attempts=3)
CHILDREN = 5
STEPS = 3
ROWS = 25


def note(event: str, **values: Any) -> None:
    """Write an effect of the run that this code executes in."""
    run = current_run()
    effects.append("effects", event=event, run=str(run.id), token=run.token, attempt=run.attempt, job=run.job, **values)


@contextmanager
def body(**values: Any) -> Iterator[None]:
    """Write when a body begins and how it ends; a killed one writes nothing more."""
    note("start", parent=os.getppid(), **values)
    try:
        yield
    except BaseException as error:
        note("raised", error=type(error).__name__, **values)
        raise
    note("end", **values)


def answer(n: int) -> dict[str, int]:
    """Return what the final table must hold: whose attempt it was that ended the run."""
    return {"n": n, "token": current_run().token}


@job(retry=PATIENT)
def soak_quick(*, n: int) -> dict[str, int]:
    with body():
        return answer(n)


@job(retry=PATIENT, pack=50)
def soak_packed(*, n: int) -> dict[str, int]:
    """Be performed with up to 50 others that one process claimed together, whose ends are written together."""
    with body():
        return answer(n)


@job(retry=PATIENT)
def soak_sleeper(*, n: int, seconds: float) -> dict[str, int]:
    with body():
        time.sleep(seconds)
        return answer(n)


@job(retry=PATIENT)
def soak_stumbler(*, n: int) -> dict[str, int]:
    """Fail twice, then succeed."""
    with body():
        if current_run().attempt < 3:
            raise ValueError("not yet")
        return answer(n)


@job(retry=PATIENT, queue="email")
def soak_child(*, n: int, child: int) -> dict[str, int]:
    with body():
        return {**answer(n), "children_done": 1}


@job(retry=PATIENT)
def soak_parent(*, n: int) -> dict[str, int]:
    with body():
        current_run().spawn(soak_child, ({"n": n, "child": child} for child in range(CHILDREN)))
        return answer(n)


@job(retry=PATIENT, queue="email", concurrency=Concurrency(1, key="{key}"))
def soak_keyed(*, n: int, key: str, seconds: float) -> dict[str, int]:
    with body(key=key):
        time.sleep(seconds)
        return answer(n)


@job(retry=PATIENT)
def soak_link(before: Any = None, *, n: int, place: int) -> dict[str, int]:
    """Be one link of a chain; every link but the first gets the result before it."""
    with body(place=place, before=before and before["place"]):
        return {**answer(n), "place": place}


@job(retry=MORTAL)
def soak_poison(*, n: int, lives: int) -> dict[str, int]:
    """Kill the own process in every claim up to the number of `lives`."""
    with body():
        if current_run().token <= lives:
            effects.append("faults", kind="poison", pids=[os.getpid()], parent=os.getppid())
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(n)


@job(retry=PATIENT)
def soak_steps(*, n: int) -> dict[str, int]:
    """Do each step once: what `once` has kept is never done again."""
    with body():
        for step in range(STEPS):
            key = f"{n}/{step}"
            current_run().once(f"step {step}", partial(note, "step", key=key))
            note("kept", key=key)
        return answer(n)


@job(retry=PATIENT)
def soak_booking(*, n: int) -> dict[str, int]:
    """Write to the database in one transaction with the `once` that guards it: exactly once, whatever happens."""
    with body():
        with transaction.atomic():
            current_run().once("booked", lambda: Group.objects.create(name=f"booking {n} {time.time_ns()}").pk)
        return answer(n)


@job(retry=PATIENT, queue="email")
def soak_iterator(*, n: int) -> dict[str, int]:
    """Go through rows slowly; a further attempt goes on where this one kept its place."""
    with body():
        for group in current_run().iterate(Group.objects.filter(name__startswith="row ")):
            note("row", key=f"{n}/{group.pk}")
            time.sleep(0.04)
        return answer(n)


@job(retry=PATIENT)
def soak_forbidden(*, n: int) -> dict[str, int]:
    """Be enqueued only in transactions that are rolled back."""
    with body():
        return answer(n)
