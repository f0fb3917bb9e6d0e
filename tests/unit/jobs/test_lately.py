"""An answer is kept while it is fresh, asked for once at a time, and not waited for longer than patience lasts."""

from __future__ import annotations

from threading import Event

import pytest

from jobs.lately import Lately
from tests.plugins.polling import poll

pytestmark = pytest.mark.req("SK-12")


def test_a_fresh_answer_is_not_asked_for_again() -> None:
    answers = iter(range(9))
    lately = Lately(lambda: next(answers), fresh_seconds=60, patience_seconds=10)
    assert [lately(), lately()] == [0, 0]
    lately.forget()
    assert lately() == 1


def test_an_old_answer_is() -> None:
    answers = iter(range(9))
    lately = Lately(lambda: next(answers), fresh_seconds=-1, patience_seconds=10)
    assert [lately(), lately()] == [0, 1]


def test_who_asks_while_no_answer_comes_is_told_so_and_starts_no_second_question() -> None:
    asked, come = [], Event()

    def slow() -> str:
        asked.append(1)
        come.wait(30)
        return "here"

    lately = Lately(slow, fresh_seconds=60, patience_seconds=0.01)
    assert [lately(), lately(), lately()] == [None, None, None]
    come.set()
    poll(lambda: lately() == "here")
    assert len(asked) == 1
