"""What a person may ask of the engine; every face calls these, so that each can do what the others can."""

from jobs.operations.dead_letters import CAREFUL_STEPS, discard_dead_letters, replay_carefully, replay_dead_letters
from jobs.operations.edits import differences, shown_arguments
from jobs.operations.end_notices import can_tell_of_ends, tell_when_ended
from jobs.operations.kept_keys import restore_keys
from jobs.operations.keyed_runs import cancel_by_key, reschedule, runs_by_key
from jobs.operations.messages import discard_message, replay_message
from jobs.operations.queues import pause_queue, purge_queue, resume_queue
from jobs.operations.rule_rows import RuleRow, problem_of_row, schedules_using
from jobs.operations.runs import cancel, check_arguments, discard, enqueue, retry, run_here, start_now
from jobs.operations.schedule_backfill import backfill
from jobs.operations.schedule_checks import BadScheduleError, check_call, check_schedule, in_utc, read_moment, read_row
from jobs.operations.schedule_edits import add_schedule, duplicate_schedule, edit_schedule, remove_schedules
from jobs.operations.schedule_history import revert_change
from jobs.operations.schedule_record import Asker, rule_on_record
from jobs.operations.schedule_secrets import unmasked
from jobs.operations.schedule_ticks import run_tick_here
from jobs.operations.schedules import (
    pause_schedule,
    pause_schedules,
    resume_schedule,
    resume_schedules,
    run_schedule_now,
)
from jobs.operations.schedules_of_users import remove_schedules_of_user, schedule_for_user, zone_of
from jobs.operations.statistics import clear_statistics
from jobs.operations.tokens import make_token, revoke_token
from jobs.scheduling.declared import sync_declared

__all__ = [
    "CAREFUL_STEPS",
    "Asker",
    "BadScheduleError",
    "RuleRow",
    "add_schedule",
    "backfill",
    "can_tell_of_ends",
    "cancel",
    "cancel_by_key",
    "check_arguments",
    "check_call",
    "check_schedule",
    "clear_statistics",
    "differences",
    "discard",
    "discard_dead_letters",
    "discard_message",
    "duplicate_schedule",
    "edit_schedule",
    "enqueue",
    "in_utc",
    "make_token",
    "pause_queue",
    "pause_schedule",
    "pause_schedules",
    "problem_of_row",
    "purge_queue",
    "read_moment",
    "read_row",
    "remove_schedules",
    "remove_schedules_of_user",
    "replay_carefully",
    "replay_dead_letters",
    "replay_message",
    "reschedule",
    "restore_keys",
    "resume_queue",
    "resume_schedule",
    "resume_schedules",
    "retry",
    "revert_change",
    "revoke_token",
    "rule_on_record",
    "run_here",
    "run_schedule_now",
    "run_tick_here",
    "runs_by_key",
    "schedule_for_user",
    "schedules_using",
    "shown_arguments",
    "start_now",
    "sync_declared",
    "tell_when_ended",
    "unmasked",
    "zone_of",
]
