"""The Celery app; every task of it is a Daybook job."""

import os

from jobs.app import Daybook

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Daybook("daybook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
