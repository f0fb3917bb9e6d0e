"""The Celery app of the processes under soak: the project's own, with the soak's jobs, warrants and message log."""

from __future__ import annotations

import os
from typing import Any

from celery.signals import after_task_publish
from django.conf import settings
from kombu import Queue

from project.celery import app
from tests.soak import effects, strikes

app.conf.imports = ("tests.soak.jobs_under_soak",)
app.conf.worker_proc_alive_timeout = 60.0
app.conf.broker_connection_max_retries = None
if app.conf.broker_url.startswith("amqp"):
    quorum = {"x-queue-type": "quorum"}
    app.conf.task_queues = [Queue(queue.name, queue_arguments=quorum) for queue in settings.CELERY_TASK_QUEUES]


@after_task_publish.connect
def keep_message(body: Any = None, headers: Any = None, routing_key: str = "", **_: Any) -> None:
    """Write every message that goes to the broker to a log, from which the soak delivers it again.

    Only each second one of foreign clients, or the copies would hide that a worker lost a message without a row.
    """
    if "daybook" not in headers and int(headers["id"][-1], 16) % 2:
        return
    effects.append("messages", body=body, headers=headers, queue=routing_key)


if os.environ.get(effects.MACHINE):
    settings.DAYBOOK["machine"] = os.environ[effects.MACHINE]
if os.environ.get("SOAK_ROLE") == "process":
    strikes.install()
