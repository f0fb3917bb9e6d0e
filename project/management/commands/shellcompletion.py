"""`manage.py shellcompletion`: django-typer's own, with the shells it knows."""

from django_typer.management import extensions
from django_typer.management.commands.shellcompletion import Command as Command  # noqa: PLC0414
from django_typer.utils import register_command_plugins

register_command_plugins(extensions, ["shellcompletion"])
