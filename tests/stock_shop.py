"""A small Django project with stock Celery, django-celery-beat and django-celery-results, as text to be written out."""

from __future__ import annotations

from pathlib import Path

MANAGE = """
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
execute_from_command_line(sys.argv)
"""

SETTINGS = """
import os

SECRET_KEY = "of a shop"
USE_TZ = True
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_celery_results",
    "store",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["SHOP_DATABASE"],
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
CELERY_BROKER_URL = os.environ["SHOP_BROKER"]
CELERY_RESULT_BACKEND = "django-db"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
"""

CELERY = """
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
"""

TASKS = """
from celery import shared_task


@shared_task
def parcel(order):
    return f"parcel of order {order}"


@shared_task(bind=True, autoretry_for=(ConnectionError,), max_retries=2, default_retry_delay=0)
def charge(self, order):
    if self.request.retries == 0:
        raise ConnectionError("the bank did not answer")
    return order
"""

# What a year of use leaves behind: a schedule, a stored result, and messages that no worker has taken yet.
USE = """
import json
import sys

import django

django.setup()
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from store.tasks import charge, parcel

every_second = IntervalSchedule.objects.create(every=1, period="seconds")
PeriodicTask.objects.create(name="hourly parcel", task="store.tasks.parcel", args="[100]", interval=every_second)
waiting = [parcel.delay(2), charge.delay(3), parcel.apply_async((4,), countdown=3)]
print(json.dumps([result.id for result in waiting]))
"""

RESULT = """
import django

django.setup()
from store.tasks import parcel

result = parcel.delay(1)
assert result.get(timeout=60) == "parcel of order 1", result.state
print(result.id)
"""

LOOK = """
import json
import sys
import time

import django

django.setup()
from celery.result import AsyncResult
from django_celery_results.models import TaskResult

from jobs.models import Run
from store.tasks import parcel

stored, *waiting = sys.argv[1:]
fresh = parcel.delay(5)
ids = [*waiting, fresh.id]
until = time.monotonic() + 60
def ended():
    return Run.objects.filter(pk__in=ids, finished_at__isnull=False).count() == len(ids)
def fired():
    return Run.objects.filter(schedule__name="hourly parcel", state="SUCCESS").count() >= 2
while time.monotonic() < until and not (ended() and fired()):
    time.sleep(0.2)
columns = ("job", "cause", "state", "attempt")
rows = {str(run.pk): run for run in Run.objects.filter(pk__in=ids)}
told = {
    "stored": [AsyncResult(stored).result, TaskResult.objects.filter(task_id=stored).count()],
    "runs": [[getattr(rows[i], name) for name in columns] for i in ids if i in rows],
    "results": [AsyncResult(i).result for i in ids],
    "fired": fired(),
}
print(json.dumps(told))
"""

FILES = {
    "manage.py": MANAGE,
    "shop/__init__.py": "from shop.celery import app as celery_app\n",
    "shop/settings.py": SETTINGS,
    "shop/celery.py": CELERY,
    "shop/urls.py": "urlpatterns = []\n",
    "store/__init__.py": "",
    "store/tasks.py": TASKS,
    "use.py": USE,
    "result.py": RESULT,
    "look.py": LOOK,
}


def write(folder: Path) -> None:
    """Write the project's files into the folder."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
