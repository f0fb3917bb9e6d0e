"""The project as a Django app, so that its commands and checks are found."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Loads the start-up checks."""

    name = "project"

    def ready(self) -> None:
        """Register the system checks, and make the roles after migrations."""
        from django.db.models.signals import post_migrate

        from project import checks  # noqa: F401
        from project.roles import make_roles

        post_migrate.connect(make_roles, dispatch_uid="daybook roles")
