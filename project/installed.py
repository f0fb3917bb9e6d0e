"""Apps of others as installed here: what only terminals and pages need is imported by those, by no worker or beat."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """Leaves the admin's pages, in the theme, to where URLs are served."""

    default_site = "unfold.sites.UnfoldAdminSite"


class ThemeConfig(AppConfig):
    """Has the theme's templates, tags and files found; its own configuration would make its admin site at once."""

    name = "unfold"


class TerminalConfig(AppConfig):
    """Has django-typer's command and templates found; its own configuration would load typer into every process."""

    name = "django_typer"
    verbose_name = "Django Typer"
