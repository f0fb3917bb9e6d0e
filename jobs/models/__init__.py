"""The engine's tables: runs, the workers that report in, queue switches, schedule plans, changes, tallies, logs."""

from jobs.models.audit import AuditEntry
from jobs.models.bad_message import BadMessage
from jobs.models.bell import Bell
from jobs.models.kept_key import KeptKey
from jobs.models.log_chunk import LogChunk
from jobs.models.queue import Queue
from jobs.models.rate_bucket import RateBucket
from jobs.models.run import Run
from jobs.models.schedule_change import ScheduleChange
from jobs.models.schedule_edit import ScheduleEdit
from jobs.models.schedule_plan import SchedulePlan
from jobs.models.statistics import Clearing, CountedUntil, DayTally, EarlierEnd, HourTally, MinuteTally, Tally
from jobs.models.token import ApiToken, KeptReply
from jobs.models.worker import Worker

__all__ = [
    "ApiToken",
    "AuditEntry",
    "BadMessage",
    "Bell",
    "Clearing",
    "CountedUntil",
    "DayTally",
    "EarlierEnd",
    "HourTally",
    "KeptKey",
    "KeptReply",
    "LogChunk",
    "MinuteTally",
    "Queue",
    "RateBucket",
    "Run",
    "ScheduleChange",
    "ScheduleEdit",
    "SchedulePlan",
    "Tally",
    "Worker",
]
