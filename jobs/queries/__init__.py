"""What faces ask about jobs, runs, queues, workers and schedules; reads only, and never shows a sealed value."""

from jobs.queries.groups import STATE_GROUPS
from jobs.queries.known_jobs import JobDetails, all_jobs, describe
from jobs.queries.messages import NoSuchMessageError, find_message, open_messages
from jobs.queries.queues import NoSuchQueueError, QueueDetails, all_queues, find_queue, queue_names
from jobs.queries.runs import (
    NoSuchRunError,
    RunDetails,
    details,
    failures,
    find_run,
    history,
    listed,
    run_seconds,
    search,
    task_id_of,
    wait_seconds,
)
from jobs.queries.schedules import (
    NoSuchScheduleError,
    ScheduleDetails,
    all_schedules,
    describe_schedule,
    find_schedule,
    preview,
)
from jobs.queries.statistics import JobStatistics, Point, overall, series, statistics
from jobs.queries.workers import all_workers, live_workers, worker_state

__all__ = [
    "STATE_GROUPS",
    "JobDetails",
    "JobStatistics",
    "NoSuchMessageError",
    "NoSuchQueueError",
    "NoSuchRunError",
    "NoSuchScheduleError",
    "Point",
    "QueueDetails",
    "RunDetails",
    "ScheduleDetails",
    "all_jobs",
    "all_queues",
    "all_schedules",
    "all_workers",
    "describe",
    "describe_schedule",
    "details",
    "failures",
    "find_message",
    "find_queue",
    "find_run",
    "find_schedule",
    "history",
    "listed",
    "live_workers",
    "open_messages",
    "overall",
    "preview",
    "queue_names",
    "run_seconds",
    "search",
    "series",
    "statistics",
    "task_id_of",
    "wait_seconds",
    "worker_state",
]
