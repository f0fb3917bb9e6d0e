"""The audit asks for every locked package, tells what it finds, and says when nobody answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests import audit
from tests.pages import ROOT

LOCK = "django==5.2.19 \\\n    --hash=sha256:00\nuv==0.9.1 ; python_version >= '3.11' \\\n"


def test_every_pinned_package_of_the_lock_is_asked_for() -> None:
    names = [name for name, _ in audit.pinned((ROOT / "requirements.lock").read_text())]
    assert {"django", "celery", "pyjwt"} <= set(names)
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert sorted(names) == sorted(line.partition("==")[0].partition("[")[0] for line in lines if line[:1].isalnum())
    assert audit.pinned(LOCK) == [("django", "5.2.19"), ("uv", "0.9.1")]


def test_what_is_found_fails_and_is_told(
    httpserver: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(request: Request) -> Response:
        asked = json.loads(request.get_data())["queries"]
        vulns = {"django": {"vulns": [{"id": "PYSEC-1"}]}}
        return Response(json.dumps({"results": [vulns.get(each["package"]["name"], {}) for each in asked]}))

    httpserver.expect_request("/v1", method="POST").respond_with_handler(answer)
    lock = tmp_path / "lock"
    lock.write_text(LOCK)
    assert audit.main(lock, url=httpserver.url_for("/v1")) == 1
    told = capsys.readouterr().out
    assert "django 5.2.19 has PYSEC-1" in told
    assert "2 locked packages, 1 known vulnerabilities" in told
    lock.write_text("uv==0.9.1\n")
    assert audit.main(lock, url=httpserver.url_for("/v1")) == 0


def test_without_an_answer_it_passes_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "lock"
    lock.write_text(LOCK)
    assert audit.main(lock, url="http://127.0.0.1:9/v1") == 0
    assert "2 locked packages NOT audited" in capsys.readouterr().out
