"""Classifies one mail: asks the model, records the call, stores the answer once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db import transaction

from ingestion.llm.protocol import LanguageModel
from ingestion.llm.recording import recorded
from ingestion.llm.verdict import Verdict, checked
from ingestion.mail_facts import facts_of
from ingestion.models import Classification, Mail
from jobs.context import active_run

PURPOSE = "classify_mail"
NOON = time(12, tzinfo=UTC)


def classify(mail: Mail, *, model: LanguageModel) -> Classification | None:
    """Return the new classification of `mail`; None when it got one meanwhile, which is left as it is.

    Raises: what the model raises; the call is recorded all the same.
    """
    facts = facts_of(mail)
    verdict = recorded(
        lambda: model.classify(facts),
        check=checked,
        model=model.name,
        purpose=PURPOSE,
        owner_id=mail.account.owner_id,
    ).value
    return _stored(mail, verdict, model=model.name)


def _stored(mail: Mail, verdict: Verdict, *, model: str) -> Classification | None:
    run = active_run()
    with transaction.atomic():
        classification, created = Classification.objects.get_or_create(
            mail=mail,
            defaults={
                "summary": verdict.summary,
                "action_items": list(verdict.action_items),
                "importance": verdict.importance,
                "labels": list(verdict.labels),
                "deadline": deadline_at(verdict.deadline),
                "deadline_is_day": verdict.deadline is not None and not isinstance(verdict.deadline, datetime),
                "is_automated": verdict.is_automated,
                "reasons": list(verdict.reasons),
                "model": model,
                "run_id": run.id if run else None,
            },
        )
    return classification if created else None


def deadline_at(deadline: date | datetime | None) -> datetime | None:
    """Return the time stored for a deadline: noon UTC where only the day is known."""
    if deadline is None or isinstance(deadline, datetime):
        return deadline
    return datetime.combine(deadline, NOON)
