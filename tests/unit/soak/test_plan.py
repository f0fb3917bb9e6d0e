"""The soak's schedule of faults: repeatable, complete, and within the time of the load."""

from __future__ import annotations

from collections import Counter

from tests.soak.plan import POINTS, Schedule, Size

DATABASE = ["restart", "terminate"]
BROKER = ["kill", "wipe"]


def drawn(size: Size, *, has_hosts: bool = False) -> Schedule:
    return Schedule.drawn(size, database_faults=DATABASE, broker_faults=BROKER, has_hosts=has_hosts)


def test_a_seed_draws_the_same_schedule_again() -> None:
    first, again = (drawn(Size(kills=40, seed=3)) for _ in range(2))
    other = drawn(Size(kills=40, seed=4))
    assert first == again
    assert first != other


def test_a_full_soak_has_every_kind_in_full_number() -> None:
    faults = drawn(Size(jobs=10_000, kills=100), has_hosts=True).faults
    kinds = Counter(fault.kind for fault in faults)
    assert kinds == {
        "kill at": 50,
        "kill child": 26,
        "kill worker": 12,
        "kill group": 12,
        "broker": 20,
        "database": 10,
        "kill beat": 5,
        "freeze worker": 5,
        "freeze at": 5,
        "deploy": 5,
        "cut host": 10,
    }
    assert {fault.detail for fault in faults if fault.kind == "kill at"} == set(POINTS)
    assert {fault.detail for fault in faults if fault.kind == "broker"} == set(BROKER)


def test_hosts_are_cut_off_only_where_there_are_any() -> None:
    assert "cut host" not in {fault.kind for fault in drawn(Size(kills=40)).faults}


def test_only_the_faults_that_were_asked_for_by_kind_or_by_name_are_drawn() -> None:
    faults = drawn(Size(kills=20, only=("broker wipe", "kill beat"))).faults
    assert Counter((fault.kind, fault.detail) for fault in faults) == {("broker", "wipe"): 2, ("kill beat", ""): 1}


def test_faults_come_in_order_while_jobs_are_enqueued() -> None:
    size = Size(jobs=1000, kills=20)
    times = [fault.at for fault in drawn(size).faults]
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] < size.load_seconds


def test_the_environment_sets_the_size() -> None:
    given = {"SOAK_JOBS": "50", "SOAK_KILLS": "2", "SOAK_BACKEND": "postgres-redis", "SOAK_SEED": "9"}
    assert Size.of(given) == Size(backend="postgres-redis", jobs=50, kills=2, seed=9)
