"""Declared schedules are written once, whatever is in django-celery-beat's tables already."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs import registry
from jobs.policies import Every
from jobs.scheduling.declared import sync_declared

pytestmark = [pytest.mark.django_db, pytest.mark.req("PL-6", "SK-8")]


def declared() -> set[str]:
    return {name for name, job in registry.registered().items() if job.declaration.schedule is not None}


def test_declared_schedules_are_created_once() -> None:
    assert set(sync_declared()) == declared() != set()
    assert sync_declared() == []
    assert set(PeriodicTask.objects.filter(plan__declared=True).values_list("name", flat=True)) == declared()


def test_rules_stored_twice_stop_no_beat() -> None:
    sync_declared()
    PeriodicTask.objects.all().delete()
    for kind in (IntervalSchedule, CrontabSchedule):
        for rule in kind.objects.all():
            rule.pk = None
            rule.save(force_insert=True)
    intervals = IntervalSchedule.objects.count()
    assert set(sync_declared()) == declared()
    assert IntervalSchedule.objects.count() == intervals


def test_an_operators_edit_stays() -> None:
    sync_declared()
    name = next(name for name, job in registry.registered().items() if isinstance(job.declaration.schedule, Every))
    hourly = IntervalSchedule.objects.create(every=61, period="minutes")
    PeriodicTask.objects.filter(name=name).update(interval=hourly, enabled=False)
    assert sync_declared() == []
    kept = PeriodicTask.objects.get(name=name)
    assert (kept.interval, kept.enabled) == (hourly, False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_a_beat_that_was_not_the_first_to_create_a_schedule_goes_on() -> None:
    sync_declared()
    name = min(declared())
    whole = PeriodicTask.objects.get(name=name)
    PeriodicTask.objects.filter(name=name).delete()

    def create_it_elsewhere() -> None:
        PeriodicTask.objects.bulk_create([whole])
        connection.close()

    def be_quicker(instance: PeriodicTask, **_: object) -> None:
        if instance.pk is None and instance.name == name:
            with ThreadPoolExecutor() as other:
                other.submit(create_it_elsewhere).result(20)

    post_init.connect(be_quicker, sender=PeriodicTask)
    try:
        assert sync_declared() == []
    finally:
        post_init.disconnect(be_quicker, sender=PeriodicTask)
    assert PeriodicTask.objects.get(name=name) == whole
