"""The engine's tables: runs, the workers that report in, queue switches and schedule plans."""

from jobs.models.bad_message import BadMessage
from jobs.models.queue import Queue
from jobs.models.rate_bucket import RateBucket
from jobs.models.run import Run
from jobs.models.schedule_edit import ScheduleEdit
from jobs.models.schedule_plan import SchedulePlan
from jobs.models.worker import Worker

__all__ = ["BadMessage", "Queue", "RateBucket", "Run", "ScheduleEdit", "SchedulePlan", "Worker"]
