"""The app under test with an installed app of @task functions; for subprocess workers."""

from django.conf import settings

settings.INSTALLED_APPS.append("tests.newsletters")

from tests.app import app as app  # noqa: E402, PLC0414 - once the settings are complete
