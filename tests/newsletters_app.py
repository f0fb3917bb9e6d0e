"""The app under test with an installed app of @task functions; for subprocess workers."""

from django.conf import settings

settings.INSTALLED_APPS.append("tests.newsletters")

# Once the settings are complete.
import tests.app  # noqa: E402, F401
from project.celery import app as app  # noqa: E402, PLC0414
