"""The project as a Django app, so that its commands, its checks and Celery's app are found."""

from django.apps import AppConfig

from project import celery as celery  # noqa: PLC0414 - before any model: every task is this app's


class ProjectConfig(AppConfig):
    """Loads the start-up checks."""

    name = "project"

    def ready(self) -> None:
        """Register the system checks, make the roles after migrations, and tell sessions what they begin with."""
        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate

        from project import checks, observers, sessions  # noqa: F401
        from project.environment import Environment
        from project.roles import make_roles

        observers.set_up(Environment())
        post_migrate.connect(make_roles, dispatch_uid="daybook roles")
        connection_created.connect(sessions.begin, dispatch_uid="daybook sessions")
