"""`manage.py jobs` prints for people and for programs, and its exit code tells a script what happened."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from jobs import operations
from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import State
from project.environment import BASE_DIR
from tests import tasks_for_tests
from tests.rows import NOON, saved_run

assert tasks_for_tests

RUN_KEYS = {
    "id", "job", "queue", "priority", "state", "owner", "cause", "correlation_id", "parent", "attempt", "max_attempts",
    "created_at", "run_at", "started_at", "finished_at", "seconds", "progress", "error", "reason",
}  # fmt: skip
DETAIL_KEYS = RUN_KEYS | {
    "args", "kwargs", "result", "traceback", "schedule", "worker", "cpu_seconds", "max_rss", "code_version", "timeline",
    "why", "children",
}  # fmt: skip


def _jobs(*arguments: str) -> str:
    out = io.StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def _json(*arguments: str) -> Any:
    return json.loads(_jobs(*arguments, "--json"))


def _refused(*arguments: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as refusal:
        _jobs(*arguments)
    return refusal.value.returncode, str(refusal.value)


@pytest.mark.req("SW-6")
def test_list_shows_every_job_to_people() -> None:
    lines = _jobs("list").splitlines()
    assert lines[0].split() == ["Job", "Queue", "Schedule", "Guards", "Arguments", "What", "it", "does"]
    row = next(line for line in lines if line.startswith("one_at_a_time"))
    assert row.split() == ["one_at_a_time", "base", "1", "at", "a", "time", "per", "{key}", "key", "[seconds]"]


@pytest.mark.req("SW-6")
def test_list_gives_programs_the_argument_schema() -> None:
    job = next(job for job in _json("list") if job["name"] == "add")
    assert job == {
        "name": "add",
        "about": "",
        "queue": "base",
        "priority": 0,
        "schedule": "",
        "guards": [],
        "attempts": 1,
        "sensitive": [],
        "arguments": {
            "type": "object",
            "additionalProperties": False,
            "required": ["x"],
            "properties": {"x": {"type": "number"}, "y": {"type": "number", "default": 0}},
        },
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SW-2")
def test_run_prints_the_run_as_it_ended() -> None:
    User.objects.create_user("anna")
    printed = _json("run", "add", "-a", "x=1", "-a", "y=2.5", "--owner", "anna")
    assert set(printed) == DETAIL_KEYS
    assert (printed["state"], printed["result"], printed["owner"], printed["cause"]) == ("SUCCESS", 3.5, "anna", "cli")
    assert [moment["what"] for moment in printed["timeline"]] == [
        "Enqueued by command line",
        "Attempt 1 succeeded",
        "Finished",
    ]
    run = Run.objects.get()
    assert (str(run.pk), run.correlation_id) == (printed["id"], printed["correlation_id"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SW-2")
def test_run_of_a_failing_job_exits_1_and_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    assert _refused("run", "fails", "-a", "message=no luck") == (1, "fails failed: RuntimeError: no luck")
    run = Run.objects.get()
    assert (run.state, run.error_kind, run.error_message) == (State.FAILED, "RuntimeError", "no luck")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "ad"], "no job is called 'ad'; did you mean add"),
        (["run", "add"], "x is missing"),
        (["run", "add", "-a", "x=one"], "x: input should be a valid number"),
        (["enqueue", "add", "-a", "x"], "-a takes key=value, not 'x'"),
        (["enqueue", "add", "-a", "x=1", "--owner", "nobody"], "there is no user 'nobody'"),
        (["enqueue", "add", "-a", "x=1", "--eta", "soon"], "not an ISO 8601 time: 'soon'"),
        (["show", "0199c9a0-0000-7000-8000-000000000000"], "no run has the id 0199c9a0"),
        (["history", "--state", "done"], "there is no state 'done'"),
        (["history", "--limit", "0"], "Invalid value for '--limit': 0 is not in the range 1<=x<=1000."),
        (["history", "--statee", "x"], "No such option: --statee"),
        (["run"], "Missing argument 'NAME'."),
        (["rum"], "No such command 'rum'."),
        (["enqueue", "add", "-a", "x=1", "--priority", "11"], "Invalid value for '--priority'"),
    ],
)
def test_bad_usage_exits_2_and_enqueues_nothing(arguments: list[str], words: str) -> None:
    status, said = _refused(*arguments)
    assert (status, said[: len(words)]) == (2, words)
    assert Run.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SW-2", "SW-22")
def test_a_guards_refusal_exits_3() -> None:
    saved_run(job="one_at_a_time", state=State.RUNNING, concurrency_key="one_at_a_time:mail", concurrency_slot=0)
    refused = _refused("run", "one_at_a_time", "-a", "key=mail")
    assert refused == (3, "one_at_a_time was refused: concurrency limit reached")


@pytest.mark.django_db
@pytest.mark.req("SW-22")
@pytest.mark.parametrize("verb", ["run", "enqueue"])
def test_a_second_run_of_a_unique_job_exits_3_and_names_the_first(verb: str) -> None:
    first = _json("enqueue", "unique_by_arguments", "-a", "value=1")["id"]
    status, said = _refused(verb, "unique_by_arguments", "-a", "value=1")
    assert (status, said) == (3, f"unique_by_arguments was refused: run {first} of the same unique key is queued")
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_enqueue_takes_eta_queue_and_priority() -> None:
    printed = _json("enqueue", "add", "-a", "x=1", "--eta", "2126-05-01T09:00", "--queue", "email", "--priority", "7")
    assert (printed["state"], printed["run_at"]) == ("SCHEDULED", "2126-05-01T09:00:00Z")
    assert (printed["queue"], printed["priority"], printed["cause"]) == ("email", 7, Cause.CLI)


@pytest.mark.django_db
@pytest.mark.req("PW-4")
def test_history_lists_runs_newest_first() -> None:
    runs = [saved_run(job="add", state=State.SUCCESS), saved_run(job="plain"), saved_run(job="add")]
    printed = _json("history")
    assert [run["id"] for run in printed] == [str(run.pk) for run in reversed(runs)]
    assert set(printed[0]) == RUN_KEYS
    assert [run["id"] for run in _json("history", "add", "--limit", "1")] == [str(runs[2].pk)]
    assert [run["id"] for run in _json("history", "--state", "SUCCESS")] == [str(runs[0].pk)]
    table = _jobs("history", "plain").splitlines()
    assert table[0].split() == ["Run", "Job", "State", "Enqueued", "Took", "Attempts", "For", "Error", "or", "reason"]
    assert table[1].split()[:3] == [str(runs[1].pk), "plain", "QUEUED"]


@pytest.mark.django_db
def test_show_tells_one_runs_life_to_people() -> None:
    run = saved_run(job="add", state=State.CANCELLED, kwargs={"x": 1, "password": "hunter2"}, reason="by anna")
    shown = _jobs("show", str(run.pk))
    assert [line.split() for line in shown.splitlines() if line.startswith(("State", "Arguments", "Reason"))] == [
        ["State", "CANCELLED"],
        ["Arguments", '{"x":', "1,", '"password":', '"***"}'],
        ["Reason", "by", "anna"],
    ]
    assert "Enqueued by code" in shown
    assert "hunter2" not in shown


@pytest.mark.django_db
@pytest.mark.req("SW-22")
def test_why_says_what_keeps_a_run_from_running() -> None:
    operations.pause_queue("email", by=User.objects.create_user("anna"))
    run = saved_run(job="add", queue="email", published_at=NOON)
    reasons = _json("why", str(run.pk))
    assert [set(reason) for reason in reasons] == [{"code", "text", "remedy"}] * len(reasons)
    assert (reasons[0]["code"], reasons[0]["remedy"]) == ("paused", "resume the queue")
    said = _jobs("why", str(run.pk)).splitlines()[0]
    assert said.startswith("queue email is paused since")
    assert said.endswith("UTC by anna (resume the queue)")
    assert said in _jobs("show", str(run.pk))


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SW-2")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["run", "add", "-a", "x=1", "--json"], 0),
        (["run", "fails", "--json"], 1),
        (["run", "nothing_like_it"], 2),
        (["run"], 2),
        (["run", "one_at_a_time", "-a", "key=mail", "--json"], 3),
    ],
)
def test_a_shell_sees_the_exit_code_and_json_alone_on_standard_output(
    arguments: list[str], status: int, process_environment: dict[str, str], tmp_path: Path
) -> None:
    saved_run(job="one_at_a_time", state=State.RUNNING, concurrency_key="one_at_a_time:mail", concurrency_slot=0)
    # The jobs under test are known to the child through the app that it loads first.
    script = "import sys, tests.app; from django.core.management import execute_from_command_line as run; run(sys.argv)"
    done = subprocess.run(
        [sys.executable, "-c", script, "jobs", *arguments],
        cwd=BASE_DIR,
        env={**os.environ, **process_environment, "NOTES": str(tmp_path / "notes")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    if "--json" in arguments:
        assert json.loads(done.stdout)["job"] == arguments[1]
    else:
        assert done.stdout == ""


@pytest.mark.req("PW-5")
def test_the_shell_completes_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("shellcompletion", "--shell", "bash", "complete", "jobs qu")
    assert capsys.readouterr().out.splitlines() == ["plain,quarantine", "plain,queue"]
