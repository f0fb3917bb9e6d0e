"""Notes what people do, in the transaction in which they do it; who acts is told by the face, once per request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from jobs.models import AuditEntry


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which face."""

    face: str
    name: str = ""
    user: AbstractBaseUser | None = None


NOBODY = Actor("code")
_acting: ContextVar[Callable[[], Actor]] = ContextVar("daybook_actor", default=lambda: NOBODY)


@contextmanager
def acting(actor: Callable[[], Actor]) -> Iterator[None]:
    """Let whatever is noted inside be this actor's; `actor` is asked only when something is noted."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def act_as(actor: Actor) -> None:
    """Let whatever this context notes from now on be the actor's."""
    _acting.set(lambda: actor)


def note(action: str, target: object, *, before: Any = None, after: Any = None) -> None:
    """Write down one act of whoever acts; code that acts for nobody writes nothing."""
    note_many(action, [(target, before, after)])


def note_many(action: str, acts: list[tuple[object, Any, Any]]) -> None:
    """Write down the same act on several targets: (target, before, after)."""
    actor = _acting.get()()
    if actor is NOBODY:
        return
    user = getattr(actor.user, "pk", None)
    name = (actor.name or str(actor.user or "nobody"))[:200]
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=timezone.now(),
            user_id=user,
            actor=name,
            face=actor.face,
            action=action,
            target=str(target)[:200],
            before={} if before is None else before,
            after={} if after is None else after,
        )
        for target, before, after in acts
    )


class ActingUser:
    """Middleware: what a request does is its user's act; the API says itself who holds a token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the actor known."""

        def actor() -> Actor:
            who = getattr(request, "auth", None)
            if who is not None:
                return Actor("api", user=who.user)
            return Actor("admin", user=request.user)  # type: ignore[arg-type]

        with acting(actor):
            return self._get_response(request)
