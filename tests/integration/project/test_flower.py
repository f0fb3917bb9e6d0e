"""Flower has a login or doesn't start, and the admin leads to it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from project.environment import BASE_DIR
from tests.plugins.polling import Eventually
from tests.plugins.processes import Start

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


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_flower_takes_its_login_from_where_other_settings_may_stand(
    start: Start, broker: str, free_port: Callable[[], int], eventually: Eventually, tmp_path: Path
) -> None:
    (tmp_path / "secrets.env").write_text("FLOWER_BASIC_AUTH=flower:from-a-file\n")
    port = free_port()
    start("celery", "--app=project", "flower", "--address=127.0.0.1", f"--port={port}", DATA_DIR=str(tmp_path))

    def status(login: str) -> int:
        headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", headers=headers)) as page:
                return int(page.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    assert eventually(lambda: status("flower:another"), within=30) == 401
    assert status("flower:from-a-file") == 200


@pytest.mark.django_db
def test_the_admin_leads_those_to_flower_who_may_see_workers(client: Client) -> None:
    for name, leads in (("viewer", True), (None, False)):
        user = User.objects.create_user(f"user of {name}", is_staff=True)
        if name:
            user.groups.add(Group.objects.get(name=name))
        client.force_login(user)
        assert ("http://127.0.0.1:5555" in client.get("/admin/", follow=True).content.decode()) is leads
