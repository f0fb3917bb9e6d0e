"""`python -m project`: Celery's worker and beat with all their options and nothing else of its command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from celery.bin.beat import beat
from celery.bin.worker import worker
from click import Command
from click.testing import CliRunner, Result

from project.command_line import daybook
from tests.unit.test_style import ROOT

AS_A_MODULE = ("-m", "project")
BY_PATH = (str(ROOT / "project" / "__main__.py"),)
# What greenlets would have to patch, and what uses it.
TOO_EARLY = {"ssl", "socket", "queue", "kombu", "django", "redis", "project.celery", "jobs"}
GREENLETS = "import json, sys\ndef patch_all():\n    sys.exit(json.dumps(sorted(sys.modules)))\n"
AT_ITS_END = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
"""


def _stderr(*words: str, path: Path) -> str:
    command = [sys.executable, *words]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stderr


def _said(*words: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(daybook, words, auto_envvar_prefix="CELERY", prog_name="project")


@pytest.mark.parametrize("command", [worker, beat], ids=["worker", "beat"])
def test_a_command_takes_every_option_of_celerys(command: Command) -> None:
    ours = daybook.commands[str(command.name)]
    assert {str(each.opts) for each in ours.params} == {str(each.opts) for each in command.params}
    assert ours.callback is command.callback
    told = _said(str(command.name), "--help")
    assert told.exit_code == 0
    assert f"python -m project {command.name} " in told.output
    assert {each for param in command.params for each in param.opts if each not in told.output} <= {"--detach", "-D"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("wroker",), "No such command 'wroker'"),
        (("worker", "--lgolevel=INFO"), "No such option '--lgolevel'"),
        (("worker", "--loglevel=loud"), "Invalid value for '-l' / '--loglevel'"),
        (("beat", "--max-interval=soon"), "Invalid value for '--max-interval'"),
        (("worker", "--concurrency=-1"), "must be a non-negative integer or 'auto'"),
        (("--app=nowhere", "worker"), "no Celery app is at nowhere: No module named 'nowhere'"),
        (("--app=jobs.nowhere:app", "worker"), "no Celery app is at jobs.nowhere:app: No module named 'jobs.nowhere'"),
        (("--app=jobs.states", "beat"), "no Celery app is at jobs.states: module 'jobs.states' has no attribute"),
    ],
)
def test_what_it_does_not_understand_is_named_with_celerys_status(words: tuple[str, ...], complaint: str) -> None:
    told = _said(*words)
    assert told.exit_code == 2
    assert complaint in told.output


@pytest.mark.parametrize("words", [("worker", "--detach"), ("worker", "-D"), ("beat", "--detach")])
def test_it_refuses_to_detach_and_says_what_would(words: tuple[str, ...]) -> None:
    told = _said(*words)
    assert told.exit_code == 2
    assert "leave it to a supervisor, or detach it as one of `celery -A project`" in told.output


def test_options_may_come_from_celerys_variables() -> None:
    assert "'loud' is not one of" in _said("worker", CELERY_WORKER_LOGLEVEL="loud").output.lower()
    assert "no Celery app is at nowhere" in _said("beat", CELERY_APP="nowhere").output


def test_a_module_that_the_app_misses_is_no_mistake_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed.py").write_text("import missing_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    told = _said("--app=half_installed", "worker")
    assert isinstance(told.exception, ModuleNotFoundError)
    assert told.exception.name == "missing_library"


@pytest.mark.parametrize("start", [AS_A_MODULE, BY_PATH], ids=["as a module", "by its path"])
def test_it_loads_no_other_command_and_no_plug_in(start: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(AT_ITS_END)
    loaded = set(json.loads(_stderr(*start, "worker", "--help", path=tmp_path)))
    assert {"celery.bin.worker", "celery.bin.beat", "project.celery"} <= loaded
    assert (
        loaded & {"celery.bin.celery", "celery.bin.shell", "prompt_toolkit", "click_repl", "flower", "tornado"} == set()
    )


@pytest.mark.parametrize("start", [AS_A_MODULE, BY_PATH], ids=["as a module", "by its path"])
@pytest.mark.parametrize("pool", [("-P", "gevent"), ("--pool=gevent",)], ids=" ".join)
def test_greenlets_patch_before_anything_else_is_imported(
    start: tuple[str, ...], pool: tuple[str, ...], tmp_path: Path
) -> None:
    package = tmp_path / "gevent"
    package.mkdir()
    for name, text in {"__init__": "", "signal": "", "monkey": GREENLETS}.items():
        (package / f"{name}.py").write_text(text)
    loaded = json.loads(_stderr(*start, "worker", *pool, path=tmp_path))
    assert "gevent.monkey" in loaded
    assert TOO_EARLY & set(loaded) == set()
