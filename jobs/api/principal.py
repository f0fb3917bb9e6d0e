"""Who asks: by bearer token or by session, and what of theirs, or of everybody's, they may see and do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from ninja.security.session import SessionAuth

from jobs import queries, tokens
from jobs.api.idempotency import idempotent
from jobs.api.problems import ProblemError
from jobs.models import Run
from jobs.models.token import Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHANGE_RUN = "jobs.change_run"


@dataclass(frozen=True)
class Principal:
    """A user with the scopes of the token they came with; by session, all scopes."""

    user: User
    scopes: frozenset[str]

    def __str__(self) -> str:
        return f"user {self.user.pk}"

    @property
    def owner(self) -> User | None:
        """Whose runs they see; None: everybody's."""
        return None if self.user.is_staff else self.user


class BearerToken(HttpBearer):
    """A token in the header: `Authorization: Bearer daybook_...`."""

    def authenticate(self, request: HttpRequest, token: str) -> Principal | None:
        """Return who holds the token."""
        known = tokens.recognise(token, now=timezone.now())
        return Principal(known.user, frozenset(known.scopes)) if known else None


class Session(SessionAuth):
    """The admin's login; whatever changes something needs its CSRF token."""

    def __call__(self, request: HttpRequest) -> Any:
        """Return who is logged in; without a login nobody is asked for a CSRF token."""
        return super().__call__(request) if request.user.is_authenticated else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Principal | None:
        """Return who is logged in."""
        return Principal(cast("User", request.user), frozenset(Scope.values))


def authenticated(request: HttpRequest) -> Principal | None:
    """Return who asks by any of the ways, or None."""
    who: Principal | None = BearerToken()(request) or Session()(request)
    return who


once = idempotent(authenticated)


def asking(request: HttpRequest, scope: str) -> Principal:
    """Return who asks.

    Raises: ProblemError (403) when their token lacks the scope.
    """
    who: Principal = request.auth  # type: ignore[attr-defined]
    if scope not in who.scopes:
        raise ProblemError(403, f"The token lacks the scope {scope}.")
    return who


def staff_asking(request: HttpRequest, scope: str, permission: str = "") -> Principal:
    """Return who asks, one of the staff with the permission, where one is named.

    Raises: ProblemError (403).
    """
    who = asking(request, scope)
    if not who.user.is_staff:
        raise ProblemError(403, "This is for staff.")
    if permission and not who.user.has_perm(permission):
        raise ProblemError(403, f"You lack the permission {permission}.")
    return who


def visible_run(who: Principal, run_id: str) -> Run:
    """Return the run if it is theirs to see.

    Raises: NoSuchRunError, for somebody else's run too: its existence is nobody's business.
    """
    run = queries.find_run(run_id)
    if who.owner is not None and run.owner_id != who.user.pk:
        raise queries.NoSuchRunError(f"no run has the id {run_id}; finished runs are pruned after their retention time")
    return run


def operable_run(request: HttpRequest, run_id: str) -> tuple[Principal, Run]:
    """Return who asks and the run, if they may change it: their own, or anybody's with the permission.

    Raises: NoSuchRunError; ProblemError (403).
    """
    who = asking(request, Scope.OPERATE)
    run = visible_run(who, run_id)
    if run.owner_id != who.user.pk and not who.user.has_perm(CHANGE_RUN):
        raise ProblemError(403, f"You lack the permission {CHANGE_RUN}.")
    return who, run
