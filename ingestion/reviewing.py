"""Reviews one thread: asks the model, records the call, stores summary, to-dos and facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from ingestion.classifying import deadline_at
from ingestion.llm.protocol import LanguageModel
from ingestion.llm.recording import recorded
from ingestion.llm.review import ASPECTS, Aspect, FoundTask, Review, checked_review
from ingestion.models import Fact, Thread, ThreadReview, Todo
from ingestion.thread_facts import facts_of_thread
from jobs.context import active_run

PURPOSE = "review_thread"


def aspects_from(names: Iterable[str] | None) -> frozenset[Aspect]:
    """Return the aspects of those names; all for None.

    Raises: ValueError for an unknown one.
    """
    wanted = set(ASPECTS if names is None else names)
    if unknown := wanted - set(ASPECTS):
        message = f"unknown aspects: {', '.join(sorted(unknown))}; there are: {', '.join(ASPECTS)}"
        raise ValueError(message)
    return frozenset(aspect for aspect in ASPECTS if aspect in wanted)


def review(thread: Thread, *, aspects: frozenset[Aspect], model: LanguageModel) -> str:
    """Ask for what isn't known of the thread as it is now; returns "reviewed", or "already" where nothing is missing.

    Raises: what the model raises; the call is recorded all the same.
    """
    known = ThreadReview.objects.filter(thread=thread).first()
    is_current = known is not None and known.mail_count == thread.mail_count
    missing = aspects - set(known.aspects) if known and is_current else aspects
    facts = facts_of_thread(thread) if missing else None
    if facts is None:
        return "already"
    answer = recorded(
        lambda: model.review(facts, aspects=missing),
        check=partial(checked_review, aspects=missing),
        model=model.name,
        purpose=PURPOSE,
        owner_id=thread.account.owner_id,
    ).value
    with transaction.atomic():
        # A sync may have merged the thread into another meanwhile.
        if not Thread.objects.select_for_update().filter(pk=thread.pk).exists():
            return "gone"
        _store(thread, answer, missing, model=model.name, earlier=known.aspects if known and is_current else [])
    return "reviewed"


def _store(thread: Thread, answer: Review, asked: frozenset[Aspect], *, model: str, earlier: list[str]) -> None:
    run = active_run()
    values: dict[str, object] = {
        **({"summary": answer.summary} if "summarise" in asked else {}),
        **({"category": answer.category} if "classify" in asked else {}),
        **({"draft_reply": answer.draft_reply} if "draft_reply" in asked else {}),
        **({"sentiment": answer.sentiment, "sentiment_score": answer.sentiment_score} if "sentiment" in asked else {}),
        "aspects": sorted({*earlier, *asked}),
        "mail_count": thread.mail_count,
        "model": model,
        "run_id": run.id if run else None,
        "processed_at": timezone.now(),
    }
    ThreadReview.objects.update_or_create(thread=thread, defaults=values)
    if "extract_tasks" in asked:
        _store_todos(thread, answer.tasks)
        _store_facts(thread, answer)


def _store_todos(thread: Thread, tasks: Iterable[FoundTask]) -> None:
    """Note new things to do; what was asked and is not found any more has been answered."""
    run = active_run()
    found = [
        Todo(
            owner_id=thread.account.owner_id,
            thread=thread,
            text=task.text,
            is_promise=task.is_promise,
            due_at=deadline_at(task.due),
            due_is_day=_is_day(task.due),
            digest=_digest(thread, "todo", task.text),
            run_id=run.id if run else None,
        )
        for task in tasks
    ]
    Todo.objects.bulk_create(found, ignore_conflicts=True)
    answered = Todo.objects.open().filter(thread=thread, is_promise=False)
    answered.exclude(digest__in=[todo.digest for todo in found]).update(done_at=timezone.now())


def _store_facts(thread: Thread, answer: Review) -> None:
    run = active_run()
    Fact.objects.bulk_create(
        [
            Fact(
                owner_id=thread.account.owner_id,
                kind=fact.kind,
                text=fact.text,
                importance=fact.importance,
                relevance=fact.importance,
                observed_at=thread.last_at,
                thread=thread,
                digest=_digest(thread, fact.kind, fact.text),
                run_id=run.id if run else None,
            )
            for fact in answer.facts
        ],
        ignore_conflicts=True,
    )


def _is_day(due: date | datetime | None) -> bool:
    return due is not None and not isinstance(due, datetime)


def _digest(thread: Thread, kind: str, text: str) -> str:
    """Return what is the same for the same thing said in the same thread, wherever it was merged to."""
    place = thread.root_message_id or str(thread.pk)
    said = "\n".join([str(thread.account_id), place, kind, " ".join(text.split()).casefold()])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
