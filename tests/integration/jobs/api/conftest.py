"""People of every role, each with a client of the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from jobs import tokens
from jobs.models.token import Scope

API = "/api/v1/"
ACTING = ("add_run", "change_run", "change_queue", "delete_hourtally", "change_badmessage")
_SCHEDULES = ("add_periodictask", "change_periodictask", "delete_periodictask")


@dataclass
class Caller:
    """Somebody who calls the API with a token."""

    user: User | None
    secret: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the response."""
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        content: dict[str, Any] = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return Client().generic(method, API + path, **content, headers=headers)

    def get(self, path: str) -> Any:
        """Return the JSON of a page that must be there."""
        response = self("GET", path)
        assert response.status_code == 200, response.content
        return response.json()

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Return the response to a POST."""
        return self("POST", path, {} if body is None else body, **headers)


MakeCaller = Callable[..., Caller]


@pytest.fixture
def caller(db: None) -> MakeCaller:
    """Return a function that makes somebody with a token."""

    def make(
        name: str, *, scopes: tuple[str, ...] = tuple(Scope.values), may: tuple[str, ...] = (), **user: Any
    ) -> Caller:
        person = User.objects.create_user(name, **user)
        person.user_permissions.set(Permission.objects.filter(codename__in=may))
        _, secret = tokens.make(user=person, name="test", scopes=scopes, days=1, now=timezone.now())
        return Caller(person, secret)

    return make


@pytest.fixture
def nobody() -> Caller:
    """Nobody in particular."""
    return Caller(None)


@pytest.fixture
def owner(caller: MakeCaller) -> Caller:
    """A user who is no staff."""
    return caller("owner")


@pytest.fixture
def stranger(caller: MakeCaller) -> Caller:
    """Another user who is no staff."""
    return caller("stranger")


@pytest.fixture
def viewer(caller: MakeCaller) -> Caller:
    """Staff without any permission to act."""
    return caller("viewer", is_staff=True)


@pytest.fixture
def operator(caller: MakeCaller) -> Caller:
    """Staff with the permissions to act."""
    return caller("operator", is_staff=True, may=(*ACTING, *_SCHEDULES))
