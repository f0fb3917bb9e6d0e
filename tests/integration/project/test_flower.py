"""Flower has a login or doesn't start, and the admin leads to it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from project.environment import BASE_DIR

pytestmark = pytest.mark.req("PL-3")


@pytest.mark.parametrize("login", [None, ""])
def test_flower_does_not_start_without_a_login(login: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "FLOWER_BASIC_AUTH"}
    environment |= {} if login is None else {"FLOWER_BASIC_AUTH": login}
    command = [sys.executable, "-m", "celery", "--app=project", "flower", "--address=127.0.0.1", "--port=0"]
    done = subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    said = done.stderr.strip().splitlines()[-1]
    assert (done.returncode, said) == (1, "Flower needs a login: set FLOWER_BASIC_AUTH to user:password.")


@pytest.mark.django_db
def test_the_admin_leads_those_to_flower_who_may_see_workers(client: Client) -> None:
    for name, leads in (("viewer", True), (None, False)):
        user = User.objects.create_user(f"user of {name}", is_staff=True)
        if name:
            user.groups.add(Group.objects.get(name=name))
        client.force_login(user)
        assert ("http://127.0.0.1:5555" in client.get("/admin/", follow=True).content.decode()) is leads
