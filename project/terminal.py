"""django-typer as an installed app: its libraries are imported by the commands that need them, by no worker or beat."""

from django.apps import AppConfig


class TerminalConfig(AppConfig):
    """Has django-typer's command and templates found; its own configuration would load typer into every process."""

    name = "django_typer"
    verbose_name = "Django Typer"
