"""The transition table, read in full: what may follow what, and that nothing follows an end but a person's replay."""

import pytest

from jobs.states import FINAL, TRANSITIONS, UNFINISHED, WAITING, State, sources_of

LIFECYCLE = {
    (State.SCHEDULED, State.QUEUED),
    (State.SCHEDULED, State.CANCELLED),
    (State.SCHEDULED, State.SKIPPED),
    (State.SCHEDULED, State.MISSED),
    (State.QUEUED, State.RUNNING),
    (State.QUEUED, State.CANCELLED),
    (State.QUEUED, State.SKIPPED),
    (State.QUEUED, State.MISSED),
    (State.RUNNING, State.SUCCESS),
    (State.RUNNING, State.FAILED),
    (State.RUNNING, State.RETRYING),
    (State.RUNNING, State.CANCELLED),
    (State.RUNNING, State.QUEUED),
    (State.RETRYING, State.QUEUED),
    (State.RETRYING, State.CANCELLED),
    (State.FAILED, State.QUEUED),
    (State.CANCELLED, State.QUEUED),
}


@pytest.mark.parametrize("source", State)
@pytest.mark.parametrize("target", State)
def test_a_transition_is_allowed_exactly_when_the_lifecycle_says_so(source: State, target: State) -> None:
    assert (target in TRANSITIONS[source]) is ((source, target) in LIFECYCLE)


@pytest.mark.parametrize("target", State)
def test_the_sources_of_a_state_are_the_table_read_backwards(target: State) -> None:
    assert sources_of(target) == {source for source, to in LIFECYCLE if to is target}


def test_every_state_is_either_final_or_unfinished() -> None:
    assert {State.SUCCESS, State.FAILED, State.CANCELLED, State.SKIPPED, State.MISSED} == FINAL
    assert {State.SCHEDULED, State.QUEUED, State.RUNNING, State.RETRYING} == UNFINISHED
    assert UNFINISHED - {State.RUNNING} == WAITING
    assert [state for state in State if state.is_final] == [state for state in State if state in FINAL]


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_follows_a_final_state_but_a_replay_of_what_did_not_succeed(state: State) -> None:
    replayable = state in {State.FAILED, State.CANCELLED}
    assert TRANSITIONS[state] == (frozenset({State.QUEUED}) if replayable else frozenset())


@pytest.mark.parametrize("state", sorted(UNFINISHED))
def test_every_unfinished_state_has_a_way_to_an_end(state: State) -> None:
    seen: set[State] = set()
    reached = {state}
    while reached - seen:
        seen |= reached
        reached = {target for source in seen for target in TRANSITIONS[source]}
    assert seen & FINAL


def test_only_a_queued_run_can_be_claimed() -> None:
    assert sources_of(State.RUNNING) == {State.QUEUED}
