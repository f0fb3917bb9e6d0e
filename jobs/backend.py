"""The result backend: every end of a task settles its run and stores its result in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast
from uuid import UUID

import structlog
from celery import states
from celery.exceptions import TaskRevokedError, WorkerLostError
from django.db import transaction

from jobs import abandoned, dead_packs, envelope, faultpoints, ledger, observing, presence, tray
from jobs import attempt as attempts
from jobs.answers import AnswerBackend
from jobs.conf import conf
from jobs.dialect import is_database_fault, patiently
from jobs.identifiers import run_id_of
from jobs.ledger import Fence, Success
from jobs.models import Run
from jobs.outcomes import describe, describe_retried
from jobs.policies import NO_RETRY, Retry
from jobs.publish import ring_next
from jobs.states import FINAL, State

log = structlog.get_logger(__name__)

_is_settling: ContextVar[bool] = ContextVar("daybook_settling", default=False)


class LedgerBackend(AnswerBackend):
    """django-celery-results' tables, written once per run, never against the ledger."""

    def mark_as_done(
        self, task_id: str, result: Any, request: Any = None, store_result: bool = True, state: str = states.SUCCESS
    ) -> None:
        """Settle the run as SUCCESS with its result and enqueue what follows it; a stale attempt changes nothing."""
        attempt = attempts.active(task_id)
        if attempt is None:
            super().mark_as_done(task_id, result, request, store_result, state)
            return
        if attempt.ends_alone:
            now = ledger.now()
            answer = self.answer(task_id, result, state, None, request, now) if store_result else None
            end = Success(attempt.fence, now, attempt.usage(), answer)
            if attempt.tray:
                attempt.tray.add(end)
                return
            tray.write([end])
            if attempt.run.concurrency_key:
                ring_next(attempt.run.concurrency_key)
            return
        stock = super().mark_as_done

        def settle() -> bool:
            if attempt.has_spawned:
                return ledger.wait_for_children(attempt.fence, result, usage=attempt.usage())
            if not ledger.succeed(attempt.fence, now=ledger.now(), usage=attempt.usage()):
                return False
            self._enqueue_follow_ups(attempt.follow_ups, result)
            stock(task_id, result, request, store_result, state)
            return True

        self._settle(task_id, settle)

    def mark_as_failure(  # noqa: PLR0913, PLR0917 - Celery's signature
        self,
        task_id: str,
        exc: BaseException,
        traceback: Any = None,
        request: Any = None,
        store_result: bool = True,
        call_errbacks: bool = True,
        state: str = states.FAILURE,
    ) -> None:
        """Settle the run as FAILED, or give it back when its process died or ran out of time with attempts left."""
        if dead_packs.is_of_bell(request):
            dead_packs.give_back(self, exc, request)
            return
        attempt = attempts.active(task_id)
        stock = super().mark_as_failure

        def settle() -> bool:
            if attempt is None and not self._abandon(task_id, exc, request):
                return False
            if attempt and attempt.returned and is_database_fault(exc):
                return abandoned.do_again(attempt.fence, exc)
            failure = describe(exc, trace=str(traceback or ""))
            if attempt and not ledger.fail(attempt.fence, failure, now=ledger.now(), usage=attempt.usage()):
                return False
            stock(task_id, exc, traceback, request, store_result, call_errbacks, state)
            observing.run_failed(run_id_of(task_id), exc)
            return True

        self._settle(task_id, settle)

    def mark_as_retry(
        self, task_id: str, exc: BaseException, traceback: Any = None, request: Any = None, **_: Any
    ) -> None:
        """Give the run back for its next attempt; the result table hears of it only at the end."""
        if dead_packs.is_of_bell(request):
            dead_packs.give_back(self, exc, request, is_wish=True)
            return
        attempt = attempts.active(task_id)
        if attempt is None:
            self._settle(task_id, lambda: self._give_back(task_id, exc, request))
            return
        again, now = attempt.again, ledger.now()

        def settle() -> bool:
            return ledger.try_again(
                attempt.fence,
                describe_retried(exc, again, trace=str(traceback or "")),
                at=again.at if again else now,
                now=now,
                spends=again.spends if again else True,
                reason=again.reason if again else "",
                usage=attempt.usage(),
                **attempt.edits,
            )

        self._settle(task_id, settle)

    def mark_as_revoked(
        self,
        task_id: str,
        reason: str = "",
        request: Any = None,
        store_result: bool = True,
        state: str = states.REVOKED,
    ) -> None:
        """Settle the run as CANCELLED, or SKIPPED or MISSED when it expired before it started."""
        if dead_packs.is_of_bell(request):
            dead_packs.give_back(self, WorkerLostError(reason), request, is_wish=True)
            return
        stock = super().mark_as_revoked
        attempt = attempts.active(task_id)
        run_id, now = run_id_of(task_id), ledger.now()

        def settle() -> bool:
            if reason == "expired":
                changed = ledger.expire(run_id, now=now)
            elif attempt is not None:
                changed = ledger.stop(attempt.fence, now=now, reason=reason, usage=attempt.usage())
            else:
                changed = ledger.cancel(run_id, now=now, reason=reason) or (
                    presence.is_worker() and ledger.stop(_childs(run_id, request), now=now, reason=reason)
                )
            if changed:
                stock(task_id, reason, request, store_result, state)
            return changed

        self._settle(task_id, settle)

    def _settle(self, task_id: str, settle: Callable[[], bool], *, key: str | None = None) -> None:
        attempt = attempts.active(task_id)
        freed = key or (attempt.run.concurrency_key if attempt else None)

        def in_one_transaction() -> bool:
            with transaction.atomic(), _settling():
                changed = settle()
                faultpoints.reach("in settle")
                if changed and freed:
                    ring_next(freed)
                return changed

        faultpoints.reach("before settle")
        if not patiently(in_one_transaction, seconds=conf().database_patience_seconds, what="settle"):
            log.warning("a stale end changed nothing", task_id=task_id)
        faultpoints.reach("after settle")

    def _enqueue_follow_ups(self, follow_ups: list[Any], result: Any) -> None:
        for follow_up in follow_ups:
            if isinstance(follow_up, list):
                self.app.signature(follow_up[-1]).apply_async((result,), chain=follow_up[:-1])
            else:
                self.app.signature(follow_up).apply_async((result,))

    def _abandon(self, task_id: str, error: BaseException, request: Any) -> bool:
        """Decide in the main process for a child that died or was killed; True when the run has failed for good."""
        run = Run.objects.filter(pk=run_id_of(task_id)).first()
        if run is None:
            return True
        if run.state == State.QUEUED:
            ledger.mark_unpublished([run.pk], reason="its process died before the claim")
            return False
        # From the row, as in an attempt: a message could name other errbacks.
        vars(request).update(envelope.sequel_of(run))
        return abandoned.conclude(run, error, _childs(run.pk, request), retry=self._retry_of(run))

    def settle_lost(self, run: Run, error: BaseException, *, was_alone: bool = True) -> None:
        """Settle a run whose node is gone, from any process: another attempt, or FAILED with all that follows.

        Unless it was alone in its process that spends no attempt. One that was asked to stop has stopped: CANCELLED.
        """
        request, fence = envelope.context_of(run), Fence(run.pk, token=run.token)
        stock_failure, stock_revoked = super().mark_as_failure, super().mark_as_revoked

        def settle() -> bool:
            if run.cancel_requested_at is not None:
                if ledger.stop(fence, now=ledger.now(), reason=f"asked to stop; {error}"):
                    stock_revoked(request.id, str(error), request)
            elif abandoned.conclude(run, error, fence, retry=self._retry_of(run), was_alone=was_alone):
                stock_failure(request.id, error, None, request)
                observing.run_failed(run.pk, error)
            return True

        self._settle(str(run.pk), settle, key=run.concurrency_key)

    def settle_parent(self, run: Run, result: Any) -> None:
        """Finish a run whose children have all ended, with its joined result and all that follows."""
        request = envelope.context_of(run)
        stock = super().mark_as_done

        def settle() -> bool:
            if not ledger.succeed(Fence(run.pk, token=run.token), now=ledger.now()):
                return False
            self._enqueue_follow_ups(envelope.follow_ups_of(run), result)
            stock(request.id, result, request, not run.options.get("ignore_result"))
            return True

        self._settle(str(run.pk), settle, key=run.concurrency_key)

    def _retry_of(self, run: Run) -> Retry:
        task = self.app.tasks.get(run.job)
        return task.retry_policy if task is not None else NO_RETRY

    def part_ended(self, run: Run, *, reason: str) -> None:
        """Tell the chord that a run of its header ended without a body: cancelled, skipped or expired."""
        if run.options.get("chord"):
            self.on_chord_part_return(envelope.context_of(run), states.REVOKED, TaskRevokedError(reason))

    def _give_back(self, task_id: str, error: BaseException, request: Any) -> bool:
        fence = _childs(run_id_of(task_id), request)
        now = ledger.now()
        return ledger.try_again(fence, None, at=now, now=now, spends=False, reason=f"given back: {error}")

    def _store_result(  # noqa: PLR0917 - Celery's signature
        self,
        task_id: str,
        result: Any,
        status: str,
        traceback: Any = None,
        request: Any = None,
        using: str | None = None,
    ) -> Any:
        if not _is_settling.get() and _has_ended(task_id):
            log.warning("a late state changed nothing", task_id=task_id, status=status)
            return result
        answer = self.answer(task_id, result, status, traceback, request, ledger.now())
        ledger.store_answers([answer])
        return answer["result"]

    def _get_task_meta_for(self, task_id: str) -> dict[str, Any]:
        # The run first: both are written in one transaction, so a run seen ended has its result by the second look.
        run = Run.objects.filter(pk=run_id_of(task_id)).only("state", "reason").first()
        stored = cast("dict[str, Any]", super()._get_task_meta_for(task_id))
        if run is None:
            return stored
        state, is_own = State(run.state), stored["status"] not in states.ALL_STATES
        if (state.is_final and stored["status"] != states.PENDING) or (state is State.RUNNING and is_own):
            return stored
        status = envelope.CELERY_STATES[state]
        result = TaskRevokedError(run.reason) if status == states.REVOKED else None
        return {"task_id": task_id, "status": status, "result": result, "traceback": None}


def _childs(run_id: UUID, request: Any) -> Fence:
    """Return the fence of the child that this main process reports on: no other attempt may end by its report."""
    return Fence(run_id, worker_id=presence.worker_id(), process_id=getattr(request, "child_pid", None))


@contextmanager
def _settling() -> Iterator[None]:
    """Let results be stored for a run that this very transaction has ended."""
    token = _is_settling.set(True)
    try:
        yield
    finally:
        _is_settling.reset(token)


def _has_ended(task_id: str) -> bool:
    """Whether the run has its result for good: update_state() of a woken attempt must not overwrite it."""
    return Run.objects.filter(pk=run_id_of(task_id), state__in=FINAL).exists()
