"""What `django.setup()` costs every process; measured as CPU time, because this machine may be busy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.unit.test_style import HEAVY, ROOT

BOUND_SECONDS = 2.0
# A slow or crowded processor takes longer for the same work; only a real regression doubles it.
SLOW_MACHINE = 2.0

PROBE = """
import json, os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
import django
django.setup()
print(json.dumps({"cpu": time.process_time(), "modules": sorted(sys.modules)}))
"""


AS_A_WORKER = PROBE.replace("print", "from project.celery import app\napp.loader.import_default_modules()\nprint")
AS_THE_REST_OF_UP = "import json, sys, project.embedded.__main__\nprint(json.dumps({'modules': sorted(sys.modules)}))"


@pytest.fixture(scope="module")
def setup_cost() -> dict[str, object]:
    """Measure in a process of its own, the second time, when everything is compiled."""
    outputs = [subprocess.check_output([sys.executable, "-c", PROBE], cwd=ROOT, text=True) for _ in range(2)]
    answer: dict[str, object] = json.loads(outputs[-1].splitlines()[-1])
    return answer


def test_django_sets_up_within_two_seconds_of_cpu(
    setup_cost: dict[str, float], record_property: Callable[[str, str], None]
) -> None:
    record_property("figure", f"django.setup() {setup_cost['cpu']:.2f} s of CPU")
    assert setup_cost["cpu"] < BOUND_SECONDS * SLOW_MACHINE, f"{setup_cost['cpu']:.2f} s"


def test_django_sets_up_without_the_heavy_libraries(setup_cost: dict[str, list[str]]) -> None:
    # redis imports OpenTelemetry by itself where the extra is installed, as it is for these tests,
    # and the name of the library of encryption, to see whether it is there.
    assert HEAVY & {name.partition(".")[0] for name in setup_cost["modules"]} <= {"opentelemetry", "cryptography"}


def test_django_sets_up_with_the_celery_app_that_every_task_belongs_to(setup_cost: dict[str, list[str]]) -> None:
    assert "project.celery" in setup_cost["modules"]


def test_django_sets_up_without_the_pages_of_the_admin(setup_cost: dict[str, list[str]]) -> None:
    assert not {"jobs.admin", "ingestion.admin", "notifications.admin", "project.admin"} & set(setup_cost["modules"])


def test_a_worker_loads_nothing_that_serves_the_web_or_a_terminal_or_encrypts() -> None:
    told = json.loads(subprocess.check_output([sys.executable, "-c", AS_A_WORKER], cwd=ROOT, text=True))
    elsewhere = {"ninja", "pydantic", "unfold.sites", "typer", "django_typer.management", "cryptography.fernet"}
    assert ({"jobs"} | elsewhere) & set(told["modules"]) == {"jobs"}


def test_what_waits_while_everything_runs_here_loads_neither_celery_nor_djangos_settings() -> None:
    told = json.loads(subprocess.check_output([sys.executable, "-c", AS_THE_REST_OF_UP], cwd=ROOT, text=True))
    elsewhere = {"celery", "kombu", "jobs", "django.conf"}
    assert ({"project.embedded"} | elsewhere) & set(told["modules"]) == {"project.embedded"}
