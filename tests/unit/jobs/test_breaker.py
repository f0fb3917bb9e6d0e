"""How long a broker that failed, or one queue of it, is left alone."""

from jobs.breaker import LONGEST_PAUSE_SECONDS, WHOLE, Breaker


def test_nothing_is_paused_before_a_failure() -> None:
    assert not Breaker().is_open("base", at=1.0)


def test_a_broker_that_failed_is_left_alone_for_every_queue_and_tried_again_after_the_same_pause() -> None:
    breaker = Breaker()
    for at in (100.0, 103.0, 106.0):
        breaker.note_failure(WHOLE, at=at, pause_seconds=3.0)
        assert [breaker.is_open("base", at=at + 2.9), breaker.is_open("email", at=at + 2.9)] == [True, True]
        assert not breaker.is_open("base", at=at + 3.0)


def test_a_queue_that_fails_alone_holds_up_no_other() -> None:
    breaker = Breaker()
    breaker.note_failure("ai", at=0.0, pause_seconds=3.0)
    assert [breaker.is_open(queue, at=1.0) for queue in ("ai", "base", WHOLE)] == [True, False, False]


def test_a_queue_that_goes_on_failing_is_tried_ever_more_seldom_up_to_a_minute() -> None:
    breaker, at, pauses = Breaker(), 0.0, []
    for _ in range(7):
        breaker.note_failure("ai", at=at, pause_seconds=3.0)
        pauses.append(next(pause for pause in range(1, 100) if not breaker.is_open("ai", at=at + pause)))
        at += pauses[-1]
    assert pauses == [3, 6, 12, 24, 48, 60, 60]
    assert LONGEST_PAUSE_SECONDS == 60


def test_a_success_ends_every_pause_it_disproves() -> None:
    breaker = Breaker()
    for queue in ("ai", "email", WHOLE):
        breaker.note_failure(queue, at=0.0, pause_seconds=3.0)
    breaker.note_success("ai")
    assert [breaker.is_open(queue, at=1.0) for queue in ("ai", "email", WHOLE)] == [False, True, False]
    breaker.note_failure("ai", at=10.0, pause_seconds=3.0)
    assert not breaker.is_open("ai", at=13.0)
