"""The ingestion application."""

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """Ingestion, built on the engine."""

    name = "ingestion"
    verbose_name = "Ingestion"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, the verbs of the jobs command and what a beat does when it starts."""
        from django_typer.utils import register_command_plugins

        from ingestion import checks, starting  # noqa: F401
        from ingestion.management import plugins

        register_command_plugins(plugins)
