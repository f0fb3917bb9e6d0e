"""The configuration that supervisord gets."""

import configparser
from pathlib import Path

from project.embedded.programs import Program
from project.embedded.supervision import configuration

PROGRAMS = [
    Program("broker", ["/bin/server", "--save", ""], priority=1),
    Program("web", ["gunicorn", "--bind=127.0.0.1:8000"]),
    Program("worker", ["celery", "--hostname=main@%h"], stop_seconds=7),
]


def _parsed() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(configuration(PROGRAMS, run=Path("/data/100%/run"), logs=Path("/data/logs")))
    return parser


def test_every_program_is_kept_running_and_logged_by_its_name() -> None:
    parsed = _parsed()
    for program in PROGRAMS:
        section = parsed[f"program:{program.name}"]
        assert section["autorestart"] == "true"
        assert section["stdout_logfile"] == f"/data/logs/{program.name}.log"
    assert parsed["program:worker"]["stopwaitsecs"] == "7"


def test_words_reach_a_program_as_they_were() -> None:
    parsed = _parsed()
    assert parsed["program:broker"]["command"].endswith("tether.py /bin/server --save ''")
    assert parsed["program:worker"]["command"].endswith("celery --hostname=main@%%h")


def test_the_broker_outlives_those_who_need_it() -> None:
    parsed = _parsed()
    assert (parsed["group:priority-1"]["programs"], parsed["group:priority-10"]["programs"]) == ("broker", "web,worker")
    assert int(parsed["group:priority-1"]["priority"]) < int(parsed["group:priority-10"]["priority"])


def test_control_is_a_private_socket() -> None:
    parsed = _parsed()
    assert dict(parsed["unix_http_server"]) == {"file": "/data/100%%/run/supervisor.sock", "chmod": "0700"}
    assert "inet_http_server" not in parsed
