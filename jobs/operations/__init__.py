"""What a person may ask of the engine; every face calls these, so that each can do what the others can."""

from jobs.operations.dead_letters import CAREFUL_STEPS, discard_dead_letters, replay_carefully, replay_dead_letters
from jobs.operations.edits import differences, shown_arguments
from jobs.operations.messages import discard_message, replay_message
from jobs.operations.queues import pause_queue, purge_queue, resume_queue
from jobs.operations.runs import cancel, check_arguments, discard, enqueue, retry, run_here, start_now
from jobs.operations.schedules import pause_schedule, resume_schedule, run_schedule_now
from jobs.operations.statistics import clear_statistics
from jobs.scheduling.declared import sync_declared

__all__ = [
    "CAREFUL_STEPS",
    "cancel",
    "check_arguments",
    "clear_statistics",
    "differences",
    "discard",
    "discard_dead_letters",
    "discard_message",
    "enqueue",
    "pause_queue",
    "pause_schedule",
    "purge_queue",
    "replay_carefully",
    "replay_dead_letters",
    "replay_message",
    "resume_queue",
    "resume_schedule",
    "retry",
    "run_here",
    "run_schedule_now",
    "shown_arguments",
    "start_now",
    "sync_declared",
]
