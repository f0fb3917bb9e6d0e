"""Something the user is to do, found in a thread; reminded of before it is due (notifications)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ingestion.models.mail import Mail
from ingestion.models.thread import Thread


class TodoQuerySet(models.QuerySet["Todo"]):
    """The questions asked of to-dos."""

    def open(self) -> TodoQuerySet:
        """Filter to what is neither done nor dropped."""
        return self.filter(done_at=None)


class Todo(models.Model):
    """One thing to do."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="todos", db_index=False)
    thread = models.ForeignKey(Thread, null=True, blank=True, on_delete=models.SET_NULL, related_name="todos")
    mail = models.ForeignKey(Mail, null=True, blank=True, on_delete=models.SET_NULL, related_name="todos")
    text = models.TextField()
    is_promise = models.BooleanField(default=False, help_text="The user promised it; else the user was asked.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="By when.")
    due_is_day = models.BooleanField(default=False, help_text="Only the day is known; the time is noon UTC.")
    done_at = models.DateTimeField(null=True, blank=True, help_text="Empty: still to do.")
    digest = models.CharField(max_length=64, help_text="Of thread and text: the same thing is noted once.")
    run_id = models.UUIDField(null=True, blank=True, help_text="Run that found it.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TodoQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "digest"], name="todo_once")]
        indexes = [models.Index(fields=["owner", "due_at"], name="todo_due", condition=models.Q(done_at=None))]

    def __str__(self) -> str:
        return self.text[:80]
