"""`manage.py write_docs`: writes the pages that are made from code."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand

from project.environment_pages import pages


class Command(BaseCommand):
    """Writes docs/settings.md and .env.example; a test fails while they are stale."""

    help = "Write docs/settings.md and .env.example from the declared environment variables."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        """Write every page."""
        for path, text in pages().items():
            path.write_text(text)
