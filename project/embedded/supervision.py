"""Keeps the programs running under supervisord: writes its configuration, starts it, stops it and all below it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from project.embedded import tether
from project.embedded.programs import Program
from project.environment import BASE_DIR

STOP_SECONDS = 60
TETHER = [sys.executable, "-I", "-S", str(Path(tether.__file__))]

_HEAD = """\
[supervisord]
nodaemon=true
silent=true
umask=077
{user}directory={base}
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={run}/supervisord.pid
childlogdir={logs}

[unix_http_server]
file={run}/supervisor.sock
chmod=0700

[supervisorctl]
serverurl=unix://{run}/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM = """
[program:{name}]
command={command}
priority={priority}
autorestart=true
startretries=100
stopwaitsecs={stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=1
"""

_GROUP = """
[group:{name}]
programs={programs}
priority={priority}
"""


def configuration(programs: list[Program], *, run: Path, logs: Path) -> str:
    """Return supervisord's configuration; programs of one priority form a group, so that they stop together."""
    user = "user=root\n" if os.geteuid() == 0 else ""
    parts = [_escaped(_HEAD, base=BASE_DIR, run=run, logs=logs, user=user)]
    parts += [
        _escaped(
            _PROGRAM,
            name=program.name,
            command=shlex.join([*TETHER, *program.command]),
            priority=program.priority,
            stop_seconds=program.stop_seconds,
            logs=logs,
        )
        for program in programs
    ]
    for priority in sorted({program.priority for program in programs}):
        names = ",".join(program.name for program in programs if program.priority == priority)
        parts.append(_escaped(_GROUP, name=f"priority-{priority}", programs=names, priority=priority))
    return "".join(parts)


def start(configuration_path: Path) -> subprocess.Popen[bytes]:
    """Start supervisord in a session of its own, so that Ctrl-C reaches only the caller; it ends with the caller."""
    return subprocess.Popen(
        [*TETHER, sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration_path)],
        stdin=subprocess.DEVNULL,
        cwd=BASE_DIR,
        start_new_session=True,
    )


def stop(supervisord: subprocess.Popen[bytes]) -> None:
    """Stop supervisord after everything it runs; after a minute, by force."""
    supervisord.terminate()
    try:
        supervisord.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(supervisord.pid, signal.SIGKILL)
        supervisord.wait()


def _escaped(template: str, **values: object) -> str:
    """Fill in values; supervisord expands % itself."""
    return template.format(**{name: str(value).replace("%", "%%") for name, value in values.items()})
