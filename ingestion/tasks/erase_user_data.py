"""erase_user_data: deletes everything kept about one user, and the user; what others share is only made nobody's."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from ingestion.personal_data import Owned, owned_models
from jobs import Concurrency, PermanentError, Retry, current_run, job

ROWS_AT_ONCE = 500


@job(queue="maintenance", retry=Retry(5), concurrency=Concurrency(1, key="user-data:{user_id}"))
def erase_user_data(*, user_id: int, username: str) -> dict[str, int]:
    """Delete the user's rows of all models in small transactions, then the user, and return {deleted, anonymous}.

    `username` must be the user's, so that a wrong number erases nobody. A further attempt goes on where it stopped.
    The user can't log in from the first moment on.
    """
    run = current_run()
    users = get_user_model().objects.filter(pk=user_id)
    if not users.exists() and run.checkpointed("begun"):
        return _counts(run.checkpointed("deleted", 0), run.checkpointed("anonymous", 0))
    if not users.filter(username=username).exists():
        raise PermanentError(f"user {user_id} is not called {username!r}")
    run.checkpoint(begun=True)
    users.update(is_active=False)
    for owned in owned_models():
        while count := _part(owned, user_id):
            run.stop_if_asked()
            name = "deleted" if owned.dies_with else "anonymous"
            run.checkpoint(**{name: run.checkpointed(name, 0) + count})
    with transaction.atomic():
        users.delete()
    return _counts(run.checkpointed("deleted", 0), run.checkpointed("anonymous", 0))


def _part(owned: Owned, user_id: int) -> int:
    """Delete some rows, or make them nobody's; returns how many."""
    some = list(owned.rows(user_id).values_list("pk", flat=True)[:ROWS_AT_ONCE])
    if not some:
        return 0
    chosen: QuerySet[Any] = QuerySet(owned.model).filter(pk__in=some)
    if owned.dies_with:
        chosen.delete()
    else:
        chosen.update(**{owned.path: None})
    return len(some)


def _counts(deleted: int, anonymous: int) -> dict[str, int]:
    return {"deleted": deleted, "anonymous": anonymous}
