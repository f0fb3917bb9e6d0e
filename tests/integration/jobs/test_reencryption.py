"""A new encryption key: what older ones encrypted is of the new one afterwards, and what still needs them is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult

from ingestion.models import Account
from jobs import here, ledger, reencryption, registry, wire
from jobs.models import KeptKey
from notifications.models import WebhookEndpoint
from tests.rows import saved_run

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def use_keys(settings: Any) -> Any:
    def use(*keys: str) -> None:
        settings.DAYBOOK = {**settings.DAYBOOK, "encryption_keys": list(keys)}

    return use


def test_after_it_the_old_key_may_go(use_keys: Any, django_user_model: Any) -> None:
    use_keys(OLD)
    owner = django_user_model.objects.create_user("anna")
    account = Account.objects.create(owner=owner, provider="imap", location="x", credentials={"password": "hunter2"})
    bare = Account.objects.create(owner=owner, provider="mbox", location="y")
    hook = WebhookEndpoint.objects.create(name="hook", url="https://hook.example", secret="s3cret")
    use_keys(NEW, OLD)
    KeptKey.objects.create(name="new", value="fresh", expires_at=ledger.now(), kept_at=ledger.now())
    assert done() == {"renewed": 2, "unreadable": 0, "sealed_runs": 0, "sealed_schedules": 0}
    use_keys(NEW)
    assert Account.objects.get(pk=account.pk).credentials == {"password": "hunter2"}
    assert Account.objects.get(pk=bare.pk).credentials is None
    assert WebhookEndpoint.objects.get(pk=hook.pk).secret == "s3cret"
    assert done() == {"renewed": 0, "unreadable": 0, "sealed_runs": 0, "sealed_schedules": 0}


def test_what_still_needs_an_old_key_is_told(use_keys: Any) -> None:
    use_keys(OLD)
    _, sealed = wire.seal([], {"token": "s3cret"}, names=("token",), function=lambda token: None)
    for state, further in (("QUEUED", {}), ("FAILED", {"finished_at": ledger.now()})):
        saved_run(state=state, kwargs=sealed, **further)
    saved_run(state="SUCCESS", kwargs=sealed, finished_at=ledger.now())
    every = IntervalSchedule.objects.create(every=1, period="hours")
    PeriodicTask.objects.create(name="sealed", task="add", interval=every, kwargs=wire.dumps(sealed), enabled=False)
    lost = WebhookEndpoint.objects.create(name="hook", url="https://hook.example", secret="s3cret")
    use_keys(NEW, OLD)
    assert done() == {"renewed": 1, "unreadable": 0, "sealed_runs": 2, "sealed_schedules": 1}
    use_keys(Fernet.generate_key().decode())
    assert done() == {"renewed": 0, "unreadable": 1, "sealed_runs": 2, "sealed_schedules": 1}
    use_keys(NEW)
    assert WebhookEndpoint.objects.get(pk=lost.pk).secret == "s3cret"


def test_a_value_that_changed_meanwhile_is_left_as_it_is(use_keys: Any) -> None:
    use_keys(OLD)
    hook = WebhookEndpoint.objects.create(name="hook", url="https://hook.example", secret="before")
    use_keys(NEW, OLD)
    ((pk, token),) = reencryption.old_values(WebhookEndpoint, "secret")
    WebhookEndpoint.objects.filter(pk=hook.pk).update(secret="after")
    assert reencryption.renew(WebhookEndpoint, "secret", pk, token)
    assert WebhookEndpoint.objects.get(pk=hook.pk).secret == "after"


def done() -> Any:
    run = here.run_here(registry.find("reencrypt"), {})
    return json.loads(TaskResult.objects.get(task_id=str(run.pk)).result)
