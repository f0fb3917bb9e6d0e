"""The verbs that installed apps add to `manage.py jobs`, sought when it is run: a worker or beat needs no terminal."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule
from django_typer.utils import register_command_plugins


def register_verbs() -> None:
    """Register each app's `management.plugins.jobs` as a django-typer plug-in of the jobs command."""
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, "management.plugins.jobs"):
            register_command_plugins(import_module(f"{app.name}.management.plugins"), ["jobs"])
