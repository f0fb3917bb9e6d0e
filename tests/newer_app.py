"""The app of the release after this one; for subprocess workers that stand for a deploy."""

from project.celery import app

app.conf.imports = ("tests.newer_jobs",)
