"""The ingestion application."""

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """Ingestion, built on the engine."""

    name = "ingestion"
    verbose_name = "Ingestion"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and what a beat does when it starts."""
        from ingestion import checks, starting  # noqa: F401
