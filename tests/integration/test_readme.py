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
def test_every_verb_and_option_of_the_jobs_command_that_a_page_names_is_there(page: str) -> None:
    calls = re.findall(r"manage\.py jobs ([^`\n|#]+)", (ROOT / page).read_text())
    assert {call: unknown for call in calls if (unknown := _unknown(_root(), call))} == {}


@pytest.mark.parametrize(
    ("call", "unknown"),
    [
        ("schedule pauze NAME", ["pauze"]),
        ("history greet --sate failed --limit=3", ["--sate"]),
        ("dead replay --canary 1", []),
        ("hisstory", ["hisstory"]),
    ],
)
def test_a_word_that_the_command_does_not_know_is_found(call: str, unknown: list[str]) -> None:
    assert _unknown(_root(), call) == unknown


def _root() -> Any:
    command: Any = get_command("jobs")
    return typer.main.get_command(command.typer_app)


def _unknown(command: Any, call: str) -> list[str]:
    """Return the words of a call that are neither a verb nor an option where they stand, nor a value."""
    unknown = []
    for word in call.split():
        verbs = getattr(command, "commands", {})
        options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        if word in verbs:
            command = verbs[word]
        elif (verbs and re.fullmatch(r"[a-z-]+", word)) or word.startswith("-"):
            name = re.split(r"[=,;)]", word)[0]
            unknown += [] if name in {*options, "--help"} else [word]
    return unknown
