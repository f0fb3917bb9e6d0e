"""Wires the applications together; nothing imports it but the processes that start here."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
