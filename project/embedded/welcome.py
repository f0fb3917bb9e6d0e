"""Whom a first start makes: the administrator, and a demo user who owns the sample mailbox."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from ingestion import calendar_operations, operations
from ingestion.models import Account, Todo
from ingestion.samples import ADDRESS, write_sample_calendar, write_sample_mailbox

DEMO = "demo"
TODO = "Bring the numbers for the Lisbon pilot"


def ensure_admin(password: str) -> bool:
    """Make the user admin with this password unless there is one, and return whether it was made."""
    users = get_user_model().objects
    if users.filter(username="admin").exists():
        return False
    users.create_superuser("admin", "admin@localhost", password)
    return True


def ensure_demo_user(data_dir: Path) -> AbstractBaseUser:
    """Return the demo user, made with a sample mailbox, calendar and to-do where missing; nobody can log in as demo.

    An account that somebody switched off stays off.
    """
    users = get_user_model().objects
    user = users.filter(username=DEMO).first() or users.create_user(DEMO, email=ADDRESS)
    if not Account.objects.filter(owner_id=user.pk).exists():
        mailbox = data_dir / "sample.mbox"
        write_sample_mailbox(mailbox, now=timezone.now())
        operations.register_account(user, mbox=mailbox, address=ADDRESS)
        calendar = data_dir / "sample.ics"
        write_sample_calendar(calendar, now=timezone.now())
        calendar_operations.register_calendar(user, ics=calendar, name="Sample")
        due = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=6)
        Todo.objects.create(owner_id=user.pk, text=TODO, due_at=due, is_promise=True, digest="sample")
    return user
