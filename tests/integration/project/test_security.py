"""What browsers are told, how guessing is slowed, which roles there are, and what people did is on record."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Group, User
from django.test import Client

from jobs import operations
from jobs.models import AuditEntry
from jobs.states import State
from project.environment import BASE_DIR
from tests import tasks_for_tests
from tests.commands import jobs
from tests.rows import NOON, saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12", "PW-8")]
assert tasks_for_tests


def member(role: str) -> User:
    user = User.objects.create_user(role, password="right horse battery", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/docs", "/api/v1/runs", "/healthz"])
def test_browsers_load_and_run_nothing_foreign_or_inline(path: str, client: Client) -> None:
    response = client.get(path)
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";") if part)
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self' 'unsafe-eval'")
    assert policy["frame-ancestors"] == "'none'"
    assert "http" not in response["Content-Security-Policy"]
    assert (response["X-Frame-Options"], response["X-Content-Type-Options"]) == ("DENY", "nosniff")


def test_a_password_is_guessed_five_times_and_no_more() -> None:
    User.objects.create_user("anna", password="right horse battery", is_staff=True)

    def tries(password: str, **where: Any) -> int:
        given = {"username": "anna", "password": password}
        return int(Client().post("/admin/login/?next=/admin/", given, **where).status_code)

    assert [tries("wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    assert tries("right horse battery") == 429
    assert tries("right horse battery", REMOTE_ADDR="10.0.0.9") == 302


def test_the_production_check_finds_nothing_to_mend(tmp_path: Path) -> None:
    secrets = {"SECRET_KEY": "k%" * 40 + "abcdefgh", "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
    environment = {
        **os.environ,
        **secrets,
        "HTTPS": "1",
        "DATA_DIR": str(tmp_path),
        "ALLOWED_HOSTS": "jobs.example.org",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_a_viewer_looks_and_an_operator_acts() -> None:
    run = saved_run(job="add", kwargs={"x": 1}, state=State.FAILED, finished_at=NOON)
    page, wish = f"/admin/jobs/run/{run.pk}/change/", f"/admin/jobs/run/{run.pk}/wish/"
    viewer, operator = Client(), Client()
    viewer.force_login(member("viewer"))
    operator.force_login(member("operator"))
    assert [viewer.get(path).status_code for path in (page, "/admin/jobs/queue/", "/admin/jobs/auditentry/")] == [
        200
    ] * 3
    assert viewer.get("/admin/auth/user/").status_code == operator.get("/admin/auth/user/").status_code == 403
    assert viewer.get("/admin/jobs/apitoken/").status_code == 403
    assert viewer.post(wish, {"wish": "retry"}).status_code == 403
    assert AuditEntry.objects.count() == 0
    assert operator.post(wish, {"wish": "retry"}).status_code == 302
    [entry] = AuditEntry.objects.values("actor", "face", "action", "target", "before", "after")
    told = {"actor": "operator", "face": "admin", "action": "retry", "target": str(run.pk)}
    assert entry == {**told, "before": {"state": "FAILED"}, "after": {"state": "QUEUED"}}


def test_a_refused_act_leaves_no_entry_and_the_command_line_names_itself() -> None:
    run = saved_run(job="add", kwargs={"x": 1}, state=State.FAILED, finished_at=NOON)
    jobs("retry", str(run.pk), "-a", "x=7")
    [entry] = AuditEntry.objects.all()
    assert (entry.face, entry.after) == ("cli", {"state": "QUEUED", "arguments": ["x"]})
    assert "command line" in entry.actor
    with pytest.raises(Exception, match="neither failed nor was cancelled"):
        jobs("retry", str(run.pk))
    operations.pause_queue("email", by=None)
    assert AuditEntry.objects.count() == 1


def test_a_new_token_is_shown_once(admin_client: Client) -> None:
    made = admin_client.post("/admin/jobs/apitoken/add/", {"name": "ci", "days": "7", "scopes": ["read"]})
    secret = made.context["secret"]
    assert (secret.startswith("daybook_"), "no-store" in made["Cache-Control"]) == (True, True)
    assert secret in made.content.decode()
    assert admin_client.get("/api/v1/runs", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    later = admin_client.get("/admin/jobs/apitoken/").content.decode() + str(AuditEntry.objects.values())
    assert secret not in later
