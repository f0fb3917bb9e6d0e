"""The engine as a Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Daybook's engine: runs, schedules, workers and queues."""

    name = "jobs"
    verbose_name = "Jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the verbs of the jobs command."""
        from django_typer.utils import register_command_plugins

        from jobs.management import plugins

        register_command_plugins(plugins)
