"""When a schedule fires next after an edit, a pause or a resume; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobs.errors import RuleError
from jobs.scheduling import clock


@dataclass(frozen=True, slots=True)
class Plan:
    """The rule it was made from, where an interval's phase starts, the next fire, and why there is none."""

    rule: str = ""
    phase_at: datetime | None = None
    next_fire_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the schedule's rows say now."""

    rule: str
    is_enabled: bool
    end_at: datetime | None = None


def plan_anew(plan: Plan, wanted: Wanted, *, edited_at: datetime, is_resume: bool) -> Plan:
    """Return the plan after an edit: fires up to the edit are done with, those since are due, however late it is seen.

    What leaves rule and state alone leaves the next fire alone; a resumed schedule keeps its phase.
    """
    is_same = wanted.rule == plan.rule
    phase_at = plan.phase_at if is_same and plan.phase_at else edited_at
    if not wanted.is_enabled or not wanted.rule:
        return Plan(wanted.rule, phase_at)
    following = plan.next_fire_at if is_same and not is_resume else None
    try:
        following = following or clock.next_fire(wanted.rule, after=edited_at, anchor=phase_at)
    except RuleError as error:
        return Plan(wanted.rule, phase_at, problem=str(error))
    return Plan(wanted.rule, phase_at, unless_ended(following, wanted.end_at))


def unless_ended(fire_at: datetime | None, end_at: datetime | None) -> datetime | None:
    """Return the fire time, or None when it falls after the schedule's end."""
    return None if fire_at is not None and end_at is not None and fire_at > end_at else fire_at
