"""`manage.py second_factor`: who has enrolled one; resets that of somebody who lost the authenticator."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser

from jobs import audit
from jobs.cli.reading import asker
from project.second_factor import devices


class Command(BaseCommand):
    """Shows or resets a user's second factor."""

    help = "Say whether USER has enrolled a second factor; with --reset forget it: the next login enrols anew."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user and the wish."""
        parser.add_argument("user", metavar="USER", help="Name of the user.")
        parser.add_argument("--reset", action="store_true", help="Forget the authenticator and the recovery codes.")

    def handle(self, *_: Any, user: str, reset: bool, **__: Any) -> None:
        """Show or reset."""
        found = User.objects.filter(username=user).first()
        if found is None:
            raise CommandError(f"there is no user {user!r}", returncode=2)
        if reset:
            audit.act_as(audit.Actor("cli", asker()))
            self.stdout.write(f"{user}: {'forgotten' if devices.reset(found) else 'there was none'}")
        else:
            self.stdout.write(f"{user}: {'enrolled' if devices.authenticator(found) else 'none'}")
