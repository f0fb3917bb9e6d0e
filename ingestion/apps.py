"""The ingestion application."""

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """Ingestion, built on the engine."""

    name = "ingestion"
    verbose_name = "Ingestion"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and the verbs of the jobs command."""
        from django_typer.utils import register_command_plugins

        from ingestion import checks  # noqa: F401
        from ingestion.management import plugins

        register_command_plugins(plugins)
