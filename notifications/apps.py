"""The notifications application."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Notifications, built on the engine."""

    name = "notifications"
    verbose_name = "Notifications"
    default_auto_field = "django.db.models.BigAutoField"
