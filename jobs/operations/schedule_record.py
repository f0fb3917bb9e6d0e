"""Who changes schedules, whether they may, and the record of it; every face's edits pass here, SQL's can't."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs import queries
from jobs.models import ScheduleChange
from jobs.models.run import Cause
from jobs.models.schedule_change import Action
from jobs.operations.rule_rows import schedules_using
from jobs.operations.schedule_secrets import sealed

BATCH = 2000
Settings = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks and through which face; without a user it is whoever has a shell here, and may do everything."""

    cause: Cause
    user: AbstractBaseUser | None = None
    name: str = ""

    def __str__(self) -> str:
        return self.name or (self.user.get_username() if self.user else "system")

    @property
    def is_staff(self) -> bool:
        """Whether every schedule is theirs to touch."""
        return self.user is None or bool(getattr(self.user, "is_staff", False))


def check_theirs(schedule: PeriodicTask, by: Asker) -> None:
    """Check that the schedule is one that `by` may touch: a user's own, or any for staff.

    Raises: NoSuchScheduleError, as if it were not there.
    """
    if not by.is_staff and getattr(getattr(schedule, "plan", None), "owner_id", None) != getattr(by.user, "pk", 0):
        raise queries.NoSuchScheduleError(f"no schedule is called {schedule.name!r}")


@contextmanager
def on_record(
    schedules: Collection[int], *, action: Action, by: Asker, reverts: ScheduleChange | None = None
) -> Iterator[list[int]]:
    """Write down, in one transaction with it, what the block changes about the schedules with these ids.

    The block adds to the yielded ids those of schedules that it makes. The rows are locked first.
    """
    ids = list(schedules)
    with transaction.atomic():
        before = _standing(ids, lock=True)
        yield ids
        after = _standing(ids)
        changes = [
            _change(pk, before.get(pk, {}), after.get(pk, {}), action=action, by=by, reverts=reverts) for pk in ids
        ]
        ScheduleChange.objects.bulk_create([each for each in changes if each], batch_size=BATCH)


def note(rows: Mapping[int, str], *, before: Settings, after: Settings, action: Action, by: Asker) -> None:
    """Write down the same change of many schedules, given by id and name."""
    now = timezone.now()
    changes = [
        ScheduleChange(schedule_id=pk, name=name, at=now, action=action, before=before, after=after, **_asked(by))
        for pk, name in rows.items()
    ]
    ScheduleChange.objects.bulk_create(changes, batch_size=BATCH)


@contextmanager
def rule_on_record(row: Model, *, by: Asker) -> Iterator[None]:
    """Write down what the block, editing a shared rule's row, changes about every schedule that uses it."""
    users = [] if row.pk is None else list(schedules_using([row]).values_list("pk", flat=True))
    with on_record(users, action=Action.EDITED, by=by):
        yield


def chunks(ids: list[int]) -> Iterator[list[int]]:
    """Yield the ids in lists that one statement can hold."""
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _standing(ids: list[int], *, lock: bool = False) -> dict[int, Settings]:
    rows = queries.schedules_with_rules()
    if lock:
        rows = rows.select_for_update(of=("self",))
    return {row.pk: queries.setting_values(row) for some in chunks(ids) for row in rows.filter(pk__in=some)}


def _change(
    pk: int, before: Settings, after: Settings, *, action: Action, by: Asker, reverts: ScheduleChange | None
) -> ScheduleChange | None:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not changed:
        return None
    return ScheduleChange(
        schedule_id=pk if after else None,
        name=(after or before)["name"],
        at=timezone.now(),
        action=action,
        before=_at_rest({name: before[name] for name in changed if before}, before),
        after=_at_rest({name: after[name] for name in changed if after}, after),
        reverts=reverts,
        **_asked(by),
    )


def _asked(by: Asker) -> dict[str, Any]:
    return {"by_id": getattr(by.user, "pk", None), "asker": str(by)[:200], "cause": by.cause}


def _at_rest(values: Settings, whole: Settings) -> Settings:
    """Return these of the whole settings, the arguments that the job calls sensitive encrypted."""
    args, kwargs = sealed(whole.get("job", ""), values.get("args", []), values.get("kwargs", {}))
    return values | {name: value for name, value in (("args", args), ("kwargs", kwargs)) if name in values}
