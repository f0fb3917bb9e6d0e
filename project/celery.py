"""The Celery app; every task of it is a Daybook job."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("daybook", task_cls="jobs.job:Job")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
