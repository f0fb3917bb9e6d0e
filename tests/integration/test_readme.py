"""The README is short and its job works as it says; links, files and verbs that the pages name are there."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django_typer.management import get_command

from jobs.testing import result_of, run_job
from tests.pages import ROOT, executed, jobs_of_its_own

TEXT = (ROOT / "README.md").read_text()
PAGES = sorted(page.relative_to(ROOT).as_posix() for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
SECTION = TEXT.partition("## Where to find what")[2].partition("## Layers")[0]


@pytest.mark.django_db
@pytest.mark.req("PL-1")
def test_the_readmes_job_writes_to_every_user_with_an_address(mailoutbox: list[EmailMessage]) -> None:
    for name, address in (("anna", "anna@example.org"), ("beat", ""), ("carla", "carla@example.org")):
        User.objects.create_user(name, email=address, first_name=name.title())
    with jobs_of_its_own():
        run = run_job(executed("README.md")["greet_users"], greeting="Hello")
    assert (run.state, run.queue, run.max_attempts, result_of(run)) == ("SUCCESS", "email", 3, {"users": 2})
    assert [(mail.to, mail.body) for mail in mailoutbox] == [
        (["anna@example.org"], "Hello, Anna!"),
        (["carla@example.org"], "Hello, Carla!"),
    ]


def test_the_readme_has_at_most_200_lines() -> None:
    assert len(TEXT.splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    prose = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", prose)
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_every_file_that_answers_a_question_is_there() -> None:
    paths = [path for path in re.findall(r"`([\w./]+)`", SECTION) if "/" in path]
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_verb_of_the_jobs_command_that_a_page_names_is_there(page: str) -> None:
    named = set(re.findall(r"manage\.py jobs ([a-z-]+)", (ROOT / page).read_text()))
    command: Any = get_command("jobs")
    verbs: Any = typer.main.get_command(command.typer_app)
    assert named - set(verbs.commands) == set()
