"""The project's Celery app with impatient channels, for workers that are killed in the midst of sending."""

from django.conf import settings

from project.celery import app

__all__ = ["app"]

settings.EMAIL_TIMEOUT = 1
settings.DAYBOOK_NOTIFICATIONS.update(
    webhook_networks=["127.0.0.2/32"], webhook_timeout_seconds=1, sending_limit_minutes=0.1
)
