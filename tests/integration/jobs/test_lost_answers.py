"""A database that goes away between doing what it was told and saying so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection

from jobs import ledger, pack
from jobs.attempt import Message, admit
from jobs.bell_message import Key
from jobs.ledger import Refusal
from jobs.models import Run, Worker
from jobs.states import State
from tests.integration.jobs.conftest import MakeRun
from tests.packed_jobs import looks_who_has_ended
from tests.tasks_for_tests import noted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PL-5")]


_CLAIM = "UPDATE jobs_run SET state = 'RUNNING', attempt = attempt + 1, token = token + 1, reason = '', "


class LostAnswer:
    """Lets the first statement that begins so be done, and its answer be lost."""

    def __init__(self, words: str) -> None:
        self.words, self.lost = words, 0

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if sql.startswith(self.words) and not self.lost:
            self.lost += 1
            raise OperationalError("database is locked")
        return answer


@pytest.mark.parametrize("guards", [{}, {"concurrency_key": "a key", "concurrency_limit": 1}])
def test_a_claim_whose_answer_is_lost_is_not_taken_for_anothers(
    make_run: MakeRun, this_node: Worker, guards: dict[str, Any]
) -> None:
    run = make_run(State.QUEUED, job="noted", **guards)
    message = Message(str(run.pk), ["a label"], {}, {"id": str(run.pk)})
    # The words of a guarded claim go on differently.
    lost = LostAnswer(f"{_CLAIM}rate_reserved = FALSE" if guards else f"{_CLAIM}started_at")
    with connection.execute_wrapper(lost):
        claimed = admit(noted, message)
    assert lost.lost == 1
    assert isinstance(claimed, Run)
    assert (claimed.state, claimed.attempt, claimed.token, claimed.worker_id) == ("RUNNING", 1, 1, this_node.pk)
    # A duplicate of the message, in this very process, is refused all the same.
    assert admit(noted, message) is Refusal.STALE
    assert ledger.claimed(run.pk, worker_id=this_node.pk, at=[ledger.now()]) is None


def test_a_look_for_more_whose_answer_is_lost_is_taken_again(make_run: MakeRun, this_node: Worker) -> None:
    job = looks_who_has_ended.name
    run = make_run(State.QUEUED, job=job, kwargs={"label": "x"}, is_packed=True, published_at=None)
    lost = LostAnswer("SELECT (count(*) FILTER")
    with connection.execute_wrapper(lost):
        assert pack.hear(Key("base", job), hostname="w@here") == 1
    assert (lost.lost, Run.objects.get(pk=run.pk).state) == (1, State.SUCCESS)
