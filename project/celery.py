"""The Celery app; every task of it is a Daybook job."""

import os

from celery.signals import after_setup_task_logger

from jobs.app import Daybook
from project.logs import join_task_loggers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Daybook("daybook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
after_setup_task_logger.connect(join_task_loggers)
