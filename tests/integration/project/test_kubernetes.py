"""deploy/kubernetes: valid, complete and of one piece, and every command in it one that compose.yaml's test starts."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings
from django.db import connection
from django.utils import timezone

from jobs import queries
from jobs.models import Queue
from project.environment import BASE_DIR, documented
from tests.rows import saved_run

FOLDER = BASE_DIR / "deploy" / "kubernetes"
BASE, PRODUCTION = FOLDER / "base", FOLDER / "production"
VERSIONS = ("1.30", "1.37")
NAME = "app.kubernetes.io/name"
KUBECTL = shutil.which("kubectl")

Resource = dict[str, Any]
pytestmark = pytest.mark.req("PL-4")


def read(*paths: str) -> list[Resource]:
    return [each for path in paths for each in yaml.safe_load_all((FOLDER / path).read_text())]


def kustomization(folder: str) -> Resource:
    return read(f"{folder}/kustomization.yaml")[0]


def merged(below: Any, above: Any) -> Any:
    """Return a resource under a strategic merge: mappings by key, lists of named things by name."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {key: merged(below.get(key), above.get(key)) for key in [*below, *(above.keys() - below.keys())]}
    if isinstance(below, list) and isinstance(above, list) and all("name" in each for each in (*below, *above)):
        by_name = {each["name"]: each for each in below}
        return [merged(by_name.get(each["name"]), each) for each in above] + [
            each for each in below if each["name"] not in {other["name"] for other in above}
        ]
    return below if above is None else above


@cache
def resources() -> list[Resource]:
    """Return the base with its patches applied: to each resource what it says itself comes last."""
    found = read(*(f"base/{path}" for path in kustomization("base")["resources"]))
    for patch in kustomization("base")["patches"]:
        (common,) = read(f"base/{patch['path']}")
        kinds = patch["target"]["kind"].split("|")
        found = [
            {**each, "spec": merged(common["spec"], each["spec"])} if each["kind"] in kinds else each for each in found
        ]
    return found


def of_kind(*kinds: str) -> dict[str, Resource]:
    return {each["metadata"]["name"]: each for each in resources() if each["kind"] in kinds}


def pods() -> dict[str, Resource]:
    """Return what a pod of each Deployment and Job looks like."""
    return {name: each["spec"]["template"] for name, each in of_kind("Deployment", "Job").items()}


def containers() -> Iterator[Resource]:
    for pod in pods().values():
        yield from (*pod["spec"].get("initContainers", []), *pod["spec"]["containers"])


def command(name: str) -> list[str]:
    (container,) = pods()[name]["spec"]["containers"]
    return list(container["command"])


@pytest.mark.parametrize("folder", ["base", "production"])
def test_a_kustomization_names_every_file_beside_it(folder: str) -> None:
    told = kustomization(folder)
    named = [*told["resources"], *(patch["path"] for patch in told.get("patches", [])), "kustomization.yaml"]
    assert sorted(name for name in named if name != "../base") == sorted(
        path.name for path in (FOLDER / folder).iterdir()
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_fits_the_schemas_of_kubernetes(version: str) -> None:
    alone = read("secret.example.yaml", "cronjob.yaml")
    for each in [*resources(), *alone]:
        kubernetes_validate.validate(each, version, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**alone[1], "spec": {"shedule": "0 3 * * *"}}, version, strict=True)


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl here: rendered by this test's own merge alone")
def test_kubectl_renders_what_this_test_looks_at() -> None:
    assert KUBECTL
    rendered = {
        folder: list(yaml.safe_load_all(subprocess.check_output([KUBECTL, "kustomize", str(FOLDER / folder)])))
        for folder in ("base", "production")
    }
    base = {(each["kind"], each["metadata"]["name"]): each for each in rendered["base"]}
    assert base.keys() == {(each["kind"], each["metadata"]["name"]) for each in resources()}
    for name, pod in pods().items():
        theirs = next(base[kind, name] for kind in ("Deployment", "Job") if (kind, name) in base)["spec"]["template"]
        assert theirs["spec"] == pod["spec"]
    images = {
        container["image"]
        for each in rendered["production"]
        if each["kind"] in {"Deployment", "Job"}
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    (override,) = kustomization("production")["images"]
    assert images == {f"{override['newName']}:{override['newTag']}"}


def test_every_variable_is_one_that_the_project_reads() -> None:
    known = {str(each["name"]) for each in documented()}
    (secret,) = read("secret.example.yaml")
    (generated,) = kustomization("production")["configMapGenerator"]
    given = {*of_kind("ConfigMap")["daybook"]["data"], *secret["stringData"]}
    given |= {literal.partition("=")[0] for literal in generated["literals"]}
    assert given - known == set()
    sources = [each["envFrom"] for each in containers()]
    assert [source for source in sources if source != sources[0]] == []
    assert [[*each.values()] for each in sources[0]] == [[{"name": "daybook"}]] * 2


def test_commands_are_those_that_the_test_of_compose_starts() -> None:
    services = yaml.safe_load((BASE_DIR / "compose.yaml").read_text())["services"]
    theirs = {
        name: shlex.split(each["command"]) if isinstance(each["command"], str) else each["command"]
        for name, each in services.items()
        if each.get("image") == "daybook"
    }
    assert {name: command(name) for name in pods()} == theirs
    for name, deployment in of_kind("Deployment").items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if exec_ := container.get(probe, {}).get("exec"):
                assert exec_["command"] == services[name]["healthcheck"]["test"][1:]
            elif probe in container:
                assert container[probe]["httpGet"]["path"] in str(services[name]["healthcheck"]["test"])
        assert {"readinessProbe", "livenessProbe"} <= container.keys()


def test_selectors_find_what_they_mean() -> None:
    labels = {
        name: {**pod["metadata"]["labels"], "app.kubernetes.io/part-of": "daybook"} for name, pod in pods().items()
    }
    assert {name: each[NAME] for name, each in labels.items()} == {name: name for name in labels}
    for name, deployment in of_kind("Deployment").items():
        assert deployment["spec"]["selector"]["matchLabels"] == {NAME: name}
    for name, service in of_kind("Service").items():
        assert service["spec"]["selector"] == {NAME: name}
        (container,) = pods()[name]["spec"]["containers"]
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= {
            port["name"] for port in container["ports"]
        }
    budgets = of_kind("PodDisruptionBudget")
    assert {each["spec"]["selector"]["matchLabels"][NAME] for each in budgets.values()} == set(budgets)
    assert set(budgets) == of_kind("Deployment").keys() - {"flower"}
    for policy in of_kind("NetworkPolicy").values():
        wanted = policy["spec"]["podSelector"]["matchLabels"].items()
        assert any(wanted <= each.items() for each in labels.values())


def test_every_queue_has_a_worker_with_time_to_finish() -> None:
    workers = {name: command(name) for name in pods() if name.startswith("worker-")}
    queues = [
        queue
        for words in workers.values()
        for word in words
        if word.startswith("--queues=")
        for queue in word.removeprefix("--queues=").split(",")
    ]
    assert sorted(queues) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)
    assert {pods()[name]["spec"]["terminationGracePeriodSeconds"] for name in workers} == {130}


def test_no_pod_can_do_more_than_it_must() -> None:
    uid = next(line for line in (BASE_DIR / "Dockerfile").read_text().splitlines() if "useradd" in line).split()[3]
    for pod in pods().values():
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert (pod["spec"]["securityContext"]["runAsNonRoot"], pod["spec"]["securityContext"]["runAsUser"]) == (
            True,
            int(uid),
        )
    for container in containers():
        own = container["securityContext"]
        assert (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"]) == (True, False)
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"].keys() == {"requests", "limits"}
        assert container["image"] == "daybook"


def test_every_group_of_workers_is_scaled_by_the_wait_of_its_own_queues() -> None:
    scaled = {each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in read("production/scaling.yaml")}
    assert scaled.keys() == {name for name in pods() if name.startswith("worker-")}
    for name, spec in scaled.items():
        assert "replicas" not in of_kind("Deployment")[name]["spec"]
        (queues,) = (word.partition("=")[2] for word in command(name) if word.startswith("--queues="))
        (trigger,) = spec["triggers"]
        quoted = ", ".join(f"'{queue}'" for queue in queues.split(","))
        assert f"queue IN ({quoted})" in trigger["metadata"]["query"]


@pytest.mark.django_db
def test_the_scalers_question_finds_how_long_the_oldest_waits_in_queues_that_are_not_paused() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("asks PostgreSQL")
    mail = next(each for each in read("production/scaling.yaml") if each["metadata"]["name"] == "worker-mail")
    (trigger,) = mail["spec"]["triggers"]

    def answer() -> float:
        with connection.cursor() as cursor:
            cursor.execute(trigger["metadata"]["query"])
            return float(cursor.fetchone()[0])

    assert answer() == 0
    long_ago = timezone.now() - timedelta(seconds=100)
    saved_run(queue="email", state="QUEUED", run_at=long_ago)
    saved_run(queue="ai", state="QUEUED", run_at=long_ago - timedelta(seconds=900))
    saved_run(queue="email", state="RUNNING", run_at=long_ago - timedelta(seconds=900))
    assert answer() == pytest.approx(queries.find_queue("email").longest_wait_seconds, abs=5)
    Queue.objects.update_or_create(name="email", defaults={"paused_at": timezone.now()})
    assert answer() == 0
