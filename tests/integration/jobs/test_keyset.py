"""Pages of runs hold each run once, in order, however runs share a moment and however far one goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.keyset import BadCursorError, Page, page_of, read_cursor
from jobs.models import Run

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def _runs(count: int, *, per_moment: int = 1) -> list[Run]:
    moments = [START + timedelta(seconds=index // per_moment) for index in range(count)]
    return Run.objects.bulk_create(
        Run(job="sample", created_at=moment, run_at=moment, correlation_id="job-1") for moment in moments
    )


def _walk_older(limit: int) -> list[Page]:
    pages = [page_of(Run.objects.all(), cursor=None, limit=limit)]
    while pages[-1].older:
        pages.append(page_of(Run.objects.all(), cursor=read_cursor(str(pages[-1].older)), limit=limit))
    return pages


@pytest.mark.parametrize("per_moment", [1, 3, 25])
def test_going_to_older_pages_meets_every_run_once_newest_first(per_moment: int) -> None:
    runs = _runs(25, per_moment=per_moment)
    pages = _walk_older(limit=10)
    assert [len(page.runs) for page in pages] == [10, 10, 5]
    expected = sorted(runs, key=lambda run: (run.created_at, run.id), reverse=True)
    assert [run.id for page in pages for run in page.runs] == [run.id for run in expected]


def test_going_back_to_newer_pages_shows_the_same_pages() -> None:
    _runs(25, per_moment=3)
    first, second, third = _walk_older(limit=10)
    assert third.newer and second.newer and first.newer is None
    back = page_of(Run.objects.all(), cursor=third.newer, limit=10)
    assert back.runs == second.runs
    assert back.newer
    assert page_of(Run.objects.all(), cursor=back.newer, limit=10).runs == first.runs


def test_the_newest_and_the_oldest_page_lead_no_further() -> None:
    _runs(20)
    first, second = _walk_older(limit=10)
    assert (first.newer, second.older) == (None, None)
    assert second.newer
    assert page_of(Run.objects.all(), cursor=second.newer, limit=10).newer is None


def test_no_runs_make_one_empty_page() -> None:
    assert page_of(Run.objects.all(), cursor=None, limit=10) == Page(runs=[], newer=None, older=None)


@pytest.mark.parametrize(
    "text", ["", "x", "o-", "o1-2", "z1-0123456789abcdef0123456789abcdef", "o" + "9" * 40 + "-" + "a" * 32]
)
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursorError, match="not a cursor"):
        read_cursor(text)
