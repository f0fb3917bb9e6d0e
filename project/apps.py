"""The project as a Django app, so that its commands and checks are found."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Loads the start-up checks."""

    name = "project"

    def ready(self) -> None:
        """Register the system checks."""
        from project import checks  # noqa: F401
