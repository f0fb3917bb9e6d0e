"""Run ids sort by time and any Celery task id has one."""

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import identifiers
from jobs.identifiers import new_correlation_id, new_run_id, run_id_of


def test_run_ids_are_uuid7_and_sort_in_order_of_creation() -> None:
    ids = [new_run_id() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 10_000
    assert {identifier.version for identifier in ids} == {7}


def test_ids_made_faster_than_one_a_millisecond_tell_the_time_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identifiers, "_last_at", 0)
    began = time.time_ns() // 1_000_000
    last = [new_run_id() for _ in range(10_000)][-1]
    assert began <= last.int >> 80 <= time.time_ns() // 1_000_000
    assert last.variant == uuid.RFC_4122


@given(st.uuids())
def test_a_task_id_that_is_a_uuid_is_the_run_id(identifier: uuid.UUID) -> None:
    assert run_id_of(str(identifier)) == identifier


@given(st.text())
def test_any_other_task_id_maps_to_one_run_id_always_the_same(text: str) -> None:
    assert run_id_of(text) == run_id_of(text)


def test_different_task_ids_have_different_run_ids() -> None:
    assert len({run_id_of(text) for text in ("", "a", "b", "A", "nightly-2025-01-01", "nightly-2025-01-02")}) == 6


@pytest.mark.req("SW-3")
def test_a_correlation_id_is_job_and_a_fresh_uuid_in_order_of_time() -> None:
    first, second = new_correlation_id(), new_correlation_id()
    assert first < second
    assert first.startswith("job-")
    assert uuid.UUID(first.removeprefix("job-")).version == 7
