"""What ingestion does when a beat starts: where the setting says so, every active archive gets its schedule."""

from __future__ import annotations

from typing import Any

import structlog
from celery import signals
from django.db import Error

from ingestion.archive_operations import schedule_all_archives
from ingestion.conf import conf
from jobs.models.run import Cause
from jobs.operations.schedule_record import Asker

log = structlog.get_logger(__name__)


@signals.beat_init.connect
def schedule_archives(**_: Any) -> None:
    """Make the schedules that archives lack; what hinders it is logged, beat starts all the same."""
    if not conf().archive_schedules_at_start:
        return
    try:
        made, refused = schedule_all_archives(by=Asker(cause=Cause.CODE))
    except Error as error:
        log.warning("archives not scheduled", error=str(error))
        return
    log.info("archives scheduled", made=len(made), refused=refused)
