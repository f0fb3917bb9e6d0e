"""The only writer of runs: every change of state is here, conditional on the state and the fencing token.

One module per part of a run's life, in its order; the transitions they make are the table in jobs/states.py.
"""

from jobs.ledger.claiming import Refusal, claim, claimed, expire
from jobs.ledger.delivering import (
    PARKED,
    mark_published,
    mark_unpublished,
    note_waiting,
    park,
    publish_next,
    release,
    release_due,
)
from jobs.ledger.enqueueing import (
    enqueue,
    enqueue_all,
    enqueue_many,
    enqueue_new,
    enqueue_ticks,
    free_ticks,
    recent,
    replace,
    tie_to_schedule,
)
from jobs.ledger.fence import NO_USAGE, Fence, Usage, now
from jobs.ledger.finishing import (
    fail,
    is_asked_to_stop,
    note,
    set_aside,
    stop,
    succeed,
    try_again,
    wait_for_children,
)
from jobs.ledger.limits import delete_unused_limits
from jobs.ledger.packs import (
    asked_to_stop,
    claim_few,
    claim_pack,
    claimed_in_pack,
    due_in_pack,
    expired_in_pack,
    others_wait,
    put_back,
)
from jobs.ledger.successes import Answer, Success, store_answers, succeed_many
from jobs.ledger.wishes import bring_forward, cancel, cancel_waiting, discard, replay, request_cancel, reschedule, skip

__all__ = [
    "NO_USAGE",
    "PARKED",
    "Answer",
    "Fence",
    "Refusal",
    "Success",
    "Usage",
    "asked_to_stop",
    "bring_forward",
    "cancel",
    "cancel_waiting",
    "claim",
    "claim_few",
    "claim_pack",
    "claimed",
    "claimed_in_pack",
    "delete_unused_limits",
    "discard",
    "due_in_pack",
    "enqueue",
    "enqueue_all",
    "enqueue_many",
    "enqueue_new",
    "enqueue_ticks",
    "expire",
    "expired_in_pack",
    "fail",
    "free_ticks",
    "is_asked_to_stop",
    "mark_published",
    "mark_unpublished",
    "note",
    "note_waiting",
    "now",
    "others_wait",
    "park",
    "publish_next",
    "put_back",
    "recent",
    "release",
    "release_due",
    "replace",
    "replay",
    "request_cancel",
    "reschedule",
    "set_aside",
    "skip",
    "stop",
    "store_answers",
    "succeed",
    "succeed_many",
    "tie_to_schedule",
    "try_again",
    "wait_for_children",
]
