"""The project's Celery app with the jobs under test beside its own; for subprocess workers and beats."""

from project.celery import app

app.conf.imports = ("tests.tasks_for_tests",)
