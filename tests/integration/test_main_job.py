"""The main job on the sample mailbox, file to notice: each message once, all classified, the important ones told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as django_mail
from django.utils import timezone
from django_celery_results.models import TaskResult
from pytest_django import Settings

from ingestion.models import Account, Classification, LLMCall, Mail
from ingestion.samples import ADDRESS, SampleMessage, corpus, write_sample_mailbox
from ingestion.tasks import classify_emails, sync_account
from jobs.here import run_here
from jobs.states import State
from jobs.task import Job
from notifications.models import Delivery, Signal
from notifications.tasks import send_notifications

pytestmark = pytest.mark.django_db(transaction=True)


def perform(job: Job, **kwargs: Any) -> dict[str, int]:
    """Run a job as a worker would and return its counts."""
    run = run_here(job, kwargs)
    assert run.state == State.SUCCESS, run.error_message
    counts: dict[str, int] = json.loads(TaskResult.objects.get(task_id=str(run.pk)).result)
    return counts


@pytest.fixture
def account(tmp_path: Path, settings: Settings) -> Account:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    alex = User.objects.create(username="alex", first_name="Alex", last_name="Meier", email=ADDRESS)
    path = tmp_path / "sample.mbox"
    write_sample_mailbox(path, now=timezone.now())
    return Account.objects.create(owner=alex, provider="mbox", location=str(path), address=ADDRESS)


def by_message_id() -> dict[str, SampleMessage]:
    return {sample.message_id: sample for sample in corpus()}


@pytest.mark.req("SW-13")
def test_every_message_is_ingested_classified_and_told_once(account: Account) -> None:
    perform(sync_account, account_id=account.pk, user_id=account.owner_id)
    assert perform(classify_emails) == {"classified": len(corpus()), "already": 0, "failed": 0}
    told = perform(send_notifications)

    assert sorted(Mail.objects.values_list("message_id", flat=True)) == sorted(by_message_id())
    broken = Mail.objects.exclude(parse_error="").values_list("message_id", flat=True)
    assert sorted(broken) == sorted(each.message_id for each in corpus() if each.label.broken)
    assert Mail.objects.filter(direction="out").count() == sum(sample.sent_mail for sample in corpus())
    assert Classification.objects.count() == LLMCall.objects.filter(outcome="ok").count() == len(corpus())

    important = Classification.objects.filter(importance="high", mail__direction="in").count()
    assert told["signals"] == told["bundled"] == Signal.objects.count()
    assert told["sent"] == len(django_mail.outbox) == 1, "a flood comes as one digest"
    assert all(signal.title in str(django_mail.outbox[0].body).splitlines() for signal in Signal.objects.all())
    assert told["signals"] + told["already answered"] == important
    assert {
        by_message_id()[signal.mail.message_id].label.importance for signal in Signal.objects.all() if signal.mail
    } == {"high"}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"bundled", "sent"}


def test_a_second_start_adds_nothing(account: Account) -> None:
    for _ in range(2):
        perform(sync_account, account_id=account.pk, user_id=account.owner_id)
        perform(classify_emails)
        perform(send_notifications)
    once = len(corpus()), Signal.objects.count(), len(django_mail.outbox)
    write_sample_mailbox(account.location, now=timezone.now() + timedelta(days=1))
    perform(sync_account, account_id=account.pk, user_id=account.owner_id, full=True)
    perform(classify_emails)
    perform(send_notifications)
    assert (Mail.objects.count(), Signal.objects.count(), len(django_mail.outbox)) == once
